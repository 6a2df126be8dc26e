"""System configuration → Loyalty management."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update

from domain import clock
from domain.loyalty import summaries
from models.audit import AuditEntry
from models.console import Console, ConsoleRun
from tests.factories import Make
from tests.web.conftest import form_token

PAGE = "/cafes/aurora/settings/loyalty-management/"
STANDING = {"is_active": "y", "cron": "0 3 * * *", "months": "6"}


@pytest.fixture
def here(database, cafe):
    """The café's rows, on a connection of the test's own."""
    with database.session(cafe.id) as session:
        yield session


@pytest.fixture
def post(owner):
    def press(path="", **fields):
        return owner.post(PAGE + path, data={"csrf_token": form_token(owner, PAGE), **fields})

    return press


def bought(here, at):
    """Somebody bought something, and the tills counted it."""
    make = Make(here)
    member = make.member()
    make.purchase(member, occurred_at=at)
    summaries.recount(here, [member.id], now=clock.now())
    here.commit()


def text(page):
    return " ".join(page.get_data(as_text=True).split())


def test_the_schedule_is_told_in_words_with_its_zone_and_the_next_runs(owner):
    told = text(owner.get(f"{PAGE}schedule?cron=0+9+*+*+1"))
    assert "Mondays 09:00 (Europe/Vienna)" in told
    assert told.count("Mon ") == 3


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("0 3 * * *", "Every day 03:00 (Europe/Vienna)"),
        ("30 8,17 * * 1-5", "Mondays to Fridays 08:30 and 17:30"),
        ("0 9 1,15 * *", "On day 1 and 15 of the month 09:00"),
        ("0 9 * * 0,6", "Saturdays and Sundays 09:00"),
        ("0 9 * 12 5", "Fridays in December 09:00"),
        ("*/15 * * * *", "Every 15 minutes"),
    ],
)
def test_every_kind_of_schedule_has_words(owner, line, words):
    assert words in text(owner.get(f"{PAGE}schedule", query_string={"cron": line}))


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("0 9 * *", "five parts"),
        ("75 9 * * 1", "cannot be the minute"),
        ("0 9 * * 9", "cannot be the weekday"),
        ("* * * * *", "too often"),
        ("<b>", "five parts"),
    ],
)
def test_what_is_no_schedule_is_refused_beside_the_field_with_the_reason(here, post, owner, line, why):
    answer = post(**STANDING | {"cron": line})
    assert answer.status_code == 422
    assert why in text(answer)
    assert why in text(owner.get(f"{PAGE}schedule", query_string={"cron": line}))
    assert here.scalars(select(Console.cron)).one_or_none() in (None, "0 3 * * *")


def test_what_is_decided_is_kept_and_noted(here, post):
    assert post(cron="0 9 * * 1", months="3").status_code == 303
    console = here.scalars(select(Console)).one()
    assert (console.is_active, console.cron, console.settings, console.next_at) == (
        False,
        "0 9 * * 1",
        {"months": 3},
        None,
    )
    noted = here.scalars(select(AuditEntry).where(AuditEntry.action == "tagging.changed")).one()
    assert noted.details == {"fields": ["is_active", "cron", "months"]}


@pytest.mark.parametrize("months", ["0", "61", "", "many", "99999999999999999999"])
def test_a_window_that_is_none_is_refused_beside_the_field(post, months):
    answer = post(**STANDING | {"months": months})
    assert answer.status_code == 422
    assert 'id="months-error"' in text(answer)


def test_the_button_runs_tagging_and_the_row_tells_what_it_did(here, owner, post):
    bought(here, clock.now())
    page = text(owner.get(post("run").location))
    assert page.count("1 bill read, 3 tags added, 0 removed") == 3  # the flash, the card, the list
    assert "somebody pressed the button" in page
    again = text(owner.get(post("run").location))
    assert "1 bill read, 0 tags added, 0 removed" in again


def test_a_new_window_is_worked_out_at_once(here, post):
    bought(here, clock.now() - timedelta(days=250))
    post("run")
    post(**STANDING | {"months": "12"})
    here.rollback()
    latest = here.scalars(select(ConsoleRun).order_by(ConsoleRun.id.desc()).limit(1)).one()
    assert latest.figures == {"bills_read": 1, "tags_added": 2, "tags_removed": 1}


def test_what_happened_while_tagging_was_off_is_caught_up_when_it_is_on_again(here, post):
    post(**STANDING | {"is_active": ""})
    bought(here, clock.now())
    post(**STANDING)
    here.rollback()
    latest = here.scalars(select(ConsoleRun).order_by(ConsoleRun.id.desc()).limit(1)).one()
    assert latest.figures["tags_added"] == 3


def stand_still(here, post, waits: timedelta) -> None:
    post(**STANDING)
    here.execute(update(Console).values(next_at=clock.now() - waits))
    here.commit()


def test_a_console_that_stands_still_is_amber_here_and_on_the_first_page(here, owner, post):
    stand_still(here, post, timedelta(days=2, hours=1))
    page = text(owner.get(PAGE))
    assert "rg-look" in page and "late" in page
    assert "It should have run 2 days ago" in page
    assert "Tags have not been looked at" in text(owner.get("/cafes/aurora/"))


def test_a_console_that_waits_for_less_than_two_intervals_is_not_late(here, owner, post):
    stand_still(here, post, timedelta(days=1, hours=23))
    assert "on time" in text(owner.get(PAGE))
    assert "Tags have not been looked at" not in text(owner.get("/cafes/aurora/"))


def test_the_first_page_tells_the_last_and_the_next_run(owner, post):
    post("run")
    page = text(owner.get("/cafes/aurora/"))
    assert "Tags were last looked at" in page


def test_another_clock_of_the_cafe_moves_the_next_run(here, owner, post):
    post(**STANDING | {"months": "7"})
    before: datetime = here.scalars(select(Console.next_at)).one()
    fields = {"name": "Café Aurora", "country": "AT", "locale": "en", "colour": "#4a2f22", "postal_address": ""}
    token = form_token(owner, "/cafes/aurora/settings/")
    moved = {"csrf_token": token, **fields, "timezone": "America/New_York"}
    assert owner.post("/cafes/aurora/settings/", data=moved).status_code == 303
    here.rollback()
    after = here.scalars(select(Console.next_at)).one()
    assert after != before
    assert (before - after) % timedelta(days=1) != timedelta(0)


def test_strangers_are_asked_who_they_are(client, cafe):
    assert "/sign-in" in client.get(PAGE).location
