import io
import zipfile
from datetime import date, datetime, time

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain import tables
from domain.errors import Unacceptable
from domain.tables import workbook


def book(*rows, **sheets) -> bytes:
    """A workbook whose first sheet holds these rows; more by their names."""
    made = openpyxl.Workbook()
    for row in rows:
        made.active.append(row)
    for name, more in sheets.items():
        sheet = made.create_sheet(name)
        for row in more:
            sheet.append(row)
    return saved(made)


def saved(made: openpyxl.Workbook) -> bytes:
    target = io.BytesIO()
    made.save(target)
    return target.getvalue()


def rows(content: bytes) -> list[list[str]]:
    return [list(line.cells) for line in tables.opened(io.BytesIO(content)).lines if not line.problem]


def repacked(content: bytes, **parts: str) -> bytes:
    """The workbook with these parts replaced."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, parts.get(name.rpartition("/")[2].partition(".")[0], old.read(name)))
    return target.getvalue()


def test_cells_are_read_as_people_see_them():
    content = book(
        ["text", "whole", "broken", "day", "moment", "yes", "nothing"],
        ["Jörg", 42, 12.5, date(1990, 12, 31), datetime(2026, 3, 4, 14, 5), True, None],
        ["+43 660 1234567", 4366012345678, 0.1, date(1900, 3, 1), time(14, 5), False, "x"],
    )

    assert rows(content) == [
        ["Jörg", "42", "12.5", "1990-12-31", "2026-03-04 14:05:00", "true", ""],
        ["+43 660 1234567", "4366012345678", "0.1", "1900-03-01", "14:05:00", "false", "x"],
    ]


@pytest.mark.parametrize("shown", ["dd.mm.yyyy", "[$-407]d. mmm yyyy;@", "yyyy-mm-dd", "d/m/yy", '"am" dd mmm'])
def test_a_number_shown_as_a_day_is_a_day(shown):
    made = openpyxl.Workbook()
    made.active.append(["day"])
    made.active.append([date(2026, 3, 4)])
    made.active["A2"].number_format = shown

    assert rows(saved(made)) == [["2026-03-04"]]


@pytest.mark.parametrize("shown", ["0.00", '#,##0 "Tage"', "[Red]0", "General", '0.0 "h"'])
def test_a_number_shown_as_a_number_stays_one(shown):
    made = openpyxl.Workbook()
    made.active.append(["number"])
    made.active.append([46085])
    made.active["A2"].number_format = shown

    assert rows(saved(made)) == [["46085"]]


def test_days_counted_from_1904_are_read():
    made = openpyxl.Workbook()
    made.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    made.active.append(["day"])
    made.active.append([date(2026, 3, 4)])

    assert rows(saved(made)) == [["2026-03-04"]]


def test_gaps_are_blank_and_rows_keep_their_numbers():
    made = openpyxl.Workbook()
    made.active.append(["a", "b", "c"])
    made.active["C5"] = "here"

    [line] = tables.opened(io.BytesIO(saved(made))).lines
    assert (line.number, line.cells) == (5, ["", "", "here"])


def test_a_row_that_reaches_too_far_is_told():
    made = openpyxl.Workbook()
    made.active.append(["a", "b"])
    made.active["XFD2"] = "far"
    made.active["A3"] = "near"

    assert [(line.number, bool(line.problem)) for line in tables.opened(io.BytesIO(saved(made))).lines] == [
        (2, True),
        (3, False),
    ]


def test_the_first_sheet_with_content_is_read():
    made = openpyxl.Workbook()
    hidden = made.create_sheet("Old", 0)
    hidden.append(["old"])
    hidden.sheet_state = "hidden"
    made.create_sheet("Guests").append(["name"])

    table = tables.opened(io.BytesIO(saved(made)))
    assert (table.headers, table.sheet) == (["name"], "Guests")


def test_a_workbook_without_content_is_refused():
    with pytest.raises(Unacceptable, match="empty"):
        tables.opened(io.BytesIO(book()))


def test_a_workbook_that_unpacks_to_too_much_is_refused_before_it_is_unpacked(monkeypatch):
    monkeypatch.setattr(workbook, "MOST_UNPACKED", 100_000)
    bomb = repacked(book(["a"], ["b"]), sheet1="<x>" + " " * 200_000 + "</x>")

    assert len(bomb) < 20_000
    with pytest.raises(Unacceptable, match="CSV"):
        tables.opened(io.BytesIO(bomb))


def test_a_document_type_is_refused():
    laughs = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><worksheet>&b;</worksheet>'

    with pytest.raises(Unacceptable, match="damaged"):
        tables.opened(io.BytesIO(repacked(book(["a"], ["b"]), sheet1=laughs)))


def test_a_workbook_that_breaks_off_is_refused_while_it_is_read():
    content = repacked(book(["a"], ["b"]), sheet1='<worksheet><sheetData><row><c t="str"><v>a</v></c></row><row>')

    with pytest.raises(Unacceptable, match="damaged"):
        list(tables.opened(io.BytesIO(content)).lines)


@pytest.mark.parametrize("part", [0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99])
def test_a_workbook_that_was_cut_is_refused(part):
    content = book(["a", "b"], ["c", "d"])

    with pytest.raises(Unacceptable):
        list(tables.opened(io.BytesIO(content[: int(len(content) * part)])).lines)


TEXT = st.text(st.characters(exclude_categories=["Cc", "Cs", "Cn"]), min_size=1, max_size=20).filter(
    lambda text: text.strip() and not text.startswith("=")
)
CELL = TEXT | st.integers(-(2**50), 2**50) | st.dates(date(1900, 3, 1), date(2999, 12, 31)) | st.booleans() | st.none()


@settings(max_examples=40, deadline=None)
@given(table=st.lists(st.lists(CELL, min_size=3, max_size=3), max_size=6))
def test_what_a_well_known_library_writes_is_read_as_it_was(table):
    def shown(cell) -> str:
        return "" if cell is None else str(cell).lower() if isinstance(cell, bool) else str(cell).strip()

    expected = [[shown(cell) for cell in row] for row in table]
    assert rows(book(["first", "second", "third"], *table)) == [row for row in expected if any(row)]
