"""Purchases from a file, on the same road that guests take."""

import io
import re

import pytest
from sqlalchemy import func, select

from models.imports import Import
from models.ledger import LedgerEntry
from models.purchase import Purchase
from models.summary import MemberSummary
from tests.web.conftest import form_token
from tests.web.imports.conftest import PAGE, fields

BILLS = (
    "Bonnr.;Datum;Betrag;Kundenkarte;Artikel;Warengruppe;Menge;Positionsbetrag\n"
    "b-1;04.03.2026 09:10;7,50;card-1;Melange;Hot drinks;1;4,20\n"
    "b-1;04.03.2026 09:10;7,50;card-1;Kipferl;Pastry;1;3,30\n"
    "b-2;17.03.2026 12:00;12,00;;;;;\n"
)


def text(response) -> str:
    return response.get_data(as_text=True)


@pytest.fixture
def send(owner):
    """Sends a file and says that it holds purchases."""

    def sent(content: str = BILLS, kind: str = "purchases"):
        file = io.BytesIO(content.encode()), "bills.csv"
        form = {"csrf_token": form_token(owner, PAGE), "kind": kind, "file": file}
        return owner.post(PAGE, data=form, content_type="multipart/form-data")

    return sent


@pytest.fixture
def rehearsed(send, post, owner, work):
    """Sends a file, agrees to what is guessed, and lets the worker try it out: the import's address."""

    def done(content: str = BILLS, **changes: str) -> str:
        path = send(content).headers["Location"]
        assert post(f"{path}/columns", **{**fields(text(owner.get(path))), **changes}).status_code == 303
        work(number(path))
        return path

    return done


@pytest.fixture
def guest(make_here, shop):
    """Somebody with a card, in a café whose purchases earn points."""
    member = make_here.member(external_id="m-1", card="card-1")
    make_here.earning_rule()
    shop.commit()
    return member


@pytest.fixture
def one(database, cafe):
    """One value of the café's."""

    def asked(statement):
        with database.session(cafe.id) as session:
            return session.scalar(statement)

    return asked


def number(path: str) -> int:
    return int(re.search(r"/imports/(\d+)", path)[1])


def test_bills_are_read_as_tills_write_them_and_shown_before_anything_is_saved(send, owner):
    page = text(owner.get(send().headers["Location"]))

    meant = list(fields(page).values())
    wanted = "external_id occurred_at amount member_card item_name item_category quantity item_amount"
    assert [each for each in meant if each in wanted.split()] == wanted.split()
    assert "The first purchases, as they will be read" in page
    assert "€7.50" in page and "1 × Melange" in page and "without a guest" in page


def test_a_file_of_bills_is_tried_out_and_booked_and_a_second_time_changes_nothing(
    rehearsed, post, owner, work, one, guest
):
    path = rehearsed()
    page = text(owner.get(path))
    assert "3 rows: 2 new purchases" in page and "would be booked" in page and "be taken back" in page
    assert one(select(func.count(Purchase.id))) == 0

    post(f"{path}/load")
    work(number(path))
    assert "were booked" in text(owner.get(path))
    assert one(select(func.count(Purchase.id))) == 2
    points = one(select(func.sum(LedgerEntry.points)))
    assert points > 0

    assert "3 rows, nothing new in them" in text(owner.get(rehearsed()))
    assert one(select(func.sum(LedgerEntry.points))) == points


def test_bills_that_are_wrong_are_left_out_with_line_column_and_reason(rehearsed, post, owner, work, one, guest):
    path = rehearsed(BILLS + "b-3;17.03.2026 12:00;viel;;;;;\nb-4;17.03.2026 12:00;3,00;card-9;;;;\n")
    page = text(owner.get(path))
    assert "Card of the guest" in page and "No member has this." in page

    post(f"{path}/load")
    work(number(path))
    assert one(select(func.count(Purchase.id))) == 2
    lines = text(owner.get(f"{path}/refused.csv")).splitlines()
    assert [line.split(",")[:2] for line in lines[1:]] == [['"5"', '"Betrag"'], ['"6"', '"Kundenkarte"']]
    assert "b-3" in lines[1] and "b-4" in lines[2]


def test_a_file_without_what_every_bill_needs_is_told_so_before_it_is_tried_out(send, post, owner):
    path = send("Bonnr.;Datum\nb-1;17.03.2026\n").headers["Location"]
    answer = post(f"{path}/columns", **fields(text(owner.get(path))))
    assert answer.status_code == 422
    assert "No column says the Amount of a purchase." in text(answer)


def test_bills_are_not_taken_back(rehearsed, post, work, owner, guest):
    path = rehearsed()
    post(f"{path}/load")
    work(number(path))
    assert f"{path}/undo" not in text(owner.get(path))
    assert post(f"{path}/undo").status_code in (302, 404)


def test_a_made_up_kind_of_file_is_not_there(send):
    assert send(kind="invoices").status_code == 404


def test_an_empty_file_is_refused_and_what_was_chosen_stays(send):
    answer = send("")
    assert answer.status_code == 422
    assert re.search(r'value="purchases" checked', text(answer))


def test_a_long_trial_run_takes_turns_and_tells_how_far_it_is(send, post, owner, work, one, guest, monkeypatch):
    monkeypatch.setattr("domain.outreach.purchase_files.SLICE", 1)
    monkeypatch.setattr("tasks.imports.STEPS", 3)
    bills = "".join(f"x-{n};2026-03-17 12:00;2.00\n" for n in range(8))
    path = send("Bonnr.;Datum;Betrag\n" + bills).headers["Location"]
    post(f"{path}/columns", **fields(text(owner.get(path))))
    work(number(path))
    assert one(select(Import.state).where(Import.id == number(path))) == "waiting"
    assert "of 8 rows tried out" in text(owner.get(path))
    while one(select(Import.state).where(Import.id == number(path))) == "waiting":
        work(number(path))
    assert "8 rows: 8 new purchases" in text(owner.get(path))
    assert one(select(func.count(Purchase.id))) == 0


def test_who_bought_by_a_file_is_looked_at_by_segments_and_tags(rehearsed, post, work, one, guest):
    path = rehearsed()
    assert one(select(MemberSummary.touched_at)) is None
    post(f"{path}/load")
    work(number(path))
    assert one(select(MemberSummary.touched_at)) is not None
