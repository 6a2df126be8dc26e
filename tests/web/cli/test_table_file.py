from pathlib import Path

import pytest

from domain.errors import Unacceptable
from web.cli import table_file


def read(path: Path, *, encoding: str | None = None, mapping: dict[str, str] | None = None):
    with table_file.opened(path, encoding=encoding, mapping=mapping or {}) as table:
        return list(table.headers), list(table.lines)


def cells(path: Path, content: bytes | str, **options) -> list[dict[str, str]]:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return [dict(line.cells) for line in read(path, **options)[1]]


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "table.csv"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(path, delimiter):
    assert cells(path, f"a{delimiter}b\n1{delimiter}2\n") == [{"a": "1", "b": "2"}]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_every_line_ending_is_read(path, ending):
    assert cells(path, ending.join(["a,b", "1,2", "3,4"])) == [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}]


@pytest.mark.parametrize(
    ("encoding", "named"),
    [("utf-8", None), ("utf-8-sig", None), ("utf-16", None), ("latin-1", "latin-1"), ("cp1252", "cp1252")],
)
def test_an_encoding_is_marked_or_named(path, encoding, named):
    assert cells(path, "name\nCafé\n".encode(encoding), encoding=named) == [{"name": "Café"}]


def test_an_encoding_that_does_not_fit_refuses_the_file(path):
    with pytest.raises(Unacceptable, match="--encoding"):
        cells(path, b"name\nCaf\xe9\n")


def test_quotes_hold_delimiters_and_line_breaks(path):
    assert cells(path, 'a,b\n"1,""2""","x\ny"\n') == [{"a": '1,"2"', "b": "x\ny"}]


def test_headers_are_mapped(path):
    assert cells(path, "E-Mail,x\nn@example.com,1\n", mapping={"E-Mail": "member_email"}) == [
        {"member_email": "n@example.com", "x": "1"}
    ]


@pytest.mark.parametrize(
    ("content", "mapping"),
    [
        (b"a,a\n1,2\n", {}),
        (b"a,b\n1,2\n", {"b": "a"}),
        (b"a,b\n1,2\n", {"c": "a"}),
        (b"", {}),
        (b"\n", {}),
        (b"a,b\n1,\x00\n", {}),
        (",".join(f"c{i}" for i in range(201)).encode(), {}),
        (b'"a,b\n1,2\n', {}),
    ],
    ids=["twice", "mapped twice", "mapped from nowhere", "empty", "no headers", "binary", "too wide", "open quote"],
)
def test_a_bad_file_is_refused_whole(path, content, mapping):
    with pytest.raises(Unacceptable):
        cells(path, content, mapping=mapping)


def test_a_file_that_is_not_there_is_refused(path):
    with pytest.raises(Unacceptable, match="can't be read"):
        read(path)


def test_a_bad_line_is_told_and_the_others_read(path):
    path.write_text(f"a,b\n1,2\n1,2,3\n{'x' * 70_000},2\n\n,\n3,4\n")

    lines = read(path)[1]

    assert [(line.number, bool(line.problem)) for line in lines] == [(2, False), (3, True), (4, True), (7, False)]


def test_a_quote_that_is_never_closed_is_told(path):
    path.write_text('a,b\n1,2\n"3,4\n')

    assert [bool(line.problem) for line in read(path)[1]] == [False, True]
