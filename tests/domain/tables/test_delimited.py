import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain import tables
from domain.errors import Unacceptable
from domain.tables import UnknownEncoding


def opened(content: bytes | str, **options):
    return tables.opened(io.BytesIO(content if isinstance(content, bytes) else content.encode()), **options)


def rows(content: bytes | str, **options) -> list[list[str]]:
    """The cells of the good rows."""
    return [list(line.cells) for line in opened(content, **options).lines if not line.problem]


def told(content: bytes | str) -> list[tuple[int, bool]]:
    """The number of each row's first line, and whether something is wrong with it."""
    return [(line.number, line.problem is not None) for line in opened(content).lines]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(delimiter):
    table = opened(f"a{delimiter}b\n1{delimiter}2\n")

    assert (table.headers, table.delimiter) == (["a", "b"], delimiter)
    assert [line.cells for line in table.lines] == [["1", "2"]]


def test_the_delimiter_is_the_one_that_cuts_all_rows_alike():
    assert opened("Name, Vorname;E-Mail\nNovak, Nora;n@example.com\n").headers == ["Name, Vorname", "E-Mail"]


def test_an_announced_delimiter_counts():
    table = opened("sep=;\r\na;b,c\r\n1;2\r\n")

    assert table.headers == ["a", "b,c"]
    assert [(line.number, line.cells) for line in table.lines] == [(3, ["1", "2"])]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_every_line_ending_is_read(ending):
    assert rows(ending.join(["a,b", "1,2", "3,4"])) == [["1", "2"], ["3", "4"]]


@pytest.mark.parametrize(
    ("encoding", "named"),
    [
        ("utf-8", None),
        ("utf-8-sig", None),
        ("utf-16", None),
        ("utf-32", None),
        ("utf-16-le", "utf-16-le"),
        ("latin-1", "latin-1"),
        ("cp1252", "Windows-1252"),
    ],
)
def test_an_encoding_is_marked_or_named(encoding, named):
    assert rows("name\nCafé „Jörg“\n".encode(encoding, "ignore"), encoding=named)[0][0].startswith("Café")


def test_a_mark_counts_more_than_what_was_named():
    assert rows("name\nCafé\n".encode("utf-8-sig"), encoding="latin-1") == [["Café"]]


def test_an_encoding_that_cannot_be_told_is_asked_for():
    with pytest.raises(UnknownEncoding):
        opened(b"name\nCaf\xe9\n")


@pytest.mark.parametrize("named", ["utf-8", "klingon", "hex", "unicode_escape", "idna", "\0"])
def test_an_encoding_that_does_not_fit_or_exist_refuses_the_file(named):
    with pytest.raises(Unacceptable):
        opened(b"name\nCaf\xe9\n", encoding=named)


def test_quotes_hold_delimiters_and_line_breaks():
    assert rows('a,b\n"1,""2""","x\ny"\n') == [['1,"2"', "x\ny"]]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b",,\n1,2,3\n",
        ",".join(f"c{i}" for i in range(201)).encode(),
        b'"a,b\n1,2\n',
        b"\x00\x01\x02,b\n1,2\n",
        b"%PDF-1.7\n",
        b"\x89PNG\r\n\x1a\n",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        b"PK\x03\x04 not a workbook",
        "a,b\n1,2\n".encode("utf-16-le"),
    ],
    ids="empty blank nameless wide open binary pdf png old-excel zip utf16-without-mark".split(),
)
def test_a_bad_file_is_refused_whole(content):
    with pytest.raises(Unacceptable):
        opened(content)


def test_a_bad_line_is_told_and_the_others_read():
    content = f"a,b\n1,2\n1,2,3\n{'x' * 70_000},2\n1\n\n,\n1,\x00\n3,4\n"

    assert told(content) == [(2, False), (3, True), (4, True), (5, True), (8, True), (9, False)]


def test_a_line_of_ten_megabytes_is_told_and_the_next_one_read():
    assert told("a,b\n" + "x" * 10_000_000 + "\n1,2\n") == [(2, True), (3, False)]


def test_a_line_without_end_is_told_and_the_next_one_read():
    assert told("a,b\n" + "x," * 10_000_000 + "\n1,2\n") == [(2, True), (3, False)]


def test_a_quote_that_is_never_closed_costs_its_own_line_only():
    assert told('a,b\n1,2\n"3,4\n5,6\n"7\n8",9\n') == [(2, False), (3, True), (4, False), (5, False)]


def test_nothing_is_lost_when_a_quote_swallows_thousands_of_lines():
    lines = [f"{number},x" for number in range(20_000)]
    content = "\n".join(["a,b", '"1,2', *lines])

    assert sum(not wrong for _, wrong in told(content)) == len(lines)


CELL = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30)
TABLE = st.lists(st.lists(CELL, min_size=3, max_size=3), max_size=8)


@settings(deadline=None)
@given(table=TABLE, delimiter=st.sampled_from(",;\t|"), ending=st.sampled_from(["\n", "\r\n"]), marked=st.booleans())
def test_what_is_written_as_csv_is_read_as_it_was(table, delimiter, ending, marked):
    written = io.StringIO()
    writer = csv.writer(written, delimiter=delimiter, lineterminator=ending, quoting=csv.QUOTE_ALL)
    writer.writerows([["first", "second", "third"], *table])

    found = rows(written.getvalue().encode("utf-8-sig" if marked else "utf-8"), delimiter=delimiter)

    expected = [[cell.strip() for cell in row] for row in table]
    assert found == [row for row in expected if any(row)]


@settings(deadline=None)
@given(content=st.binary(max_size=300), encoding=st.sampled_from([None, "latin-1", "utf-16-le"]))
def test_whatever_the_bytes_are_a_file_is_read_or_refused(content, encoding):
    try:
        lines = list(opened(content, encoding=encoding).lines)
    except Unacceptable as refusal:
        assert str(refusal)
    else:
        assert all("\0" not in cell for line in lines for cell in line.cells)
