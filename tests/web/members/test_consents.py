"""What staff see of a guest's consent, and what they may write down."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from domain import clock
from domain.audience import consent
from models.summary import MemberSummary
from tests.statements import statements
from tests.web.conftest import ask
from tests.web.members.conftest import press

PAGE = "/cafes/aurora/members/M-1/consents"
WITHDRAWALS = "/cafes/aurora/members/M-1/withdrawals"
PROOF = "/cafes/aurora/members/M-1/consents.csv"
NOW = {"what": "everything", "how": "told at the counter"}


def standing(database, cafe, member_id) -> dict:
    with database.session(cafe.id) as session:
        return consent.of_member(session, member_id)


def when(**ago: float) -> str:
    return (clock.now() - timedelta(**ago)).strftime("%Y-%m-%dT%H:%M")


def test_the_page_tells_each_yes_with_its_source_and_day(owner, nora):
    page = owner.get(PAGE).text

    assert "What Nora Novak agreed to" in page
    assert "said yes on 4 March 2026, source: “a paper form”" in page


def test_staff_write_a_withdrawal_down_with_how_and_who(colleague, database, cafe, nora):
    answer = press(colleague("staff"), PAGE, WITHDRAWALS, **NOW, when=when(hours=-2))

    assert answer.status_code == 422  # two hours ahead in Vienna's summer or winter alike
    typed = {"what": "email.promotional", "how": "told by phone", "when": when(days=1)}
    answer = press(colleague("manager"), PAGE, WITHDRAWALS, **typed)
    assert answer.status_code == 303
    assert standing(database, cafe, nora)["email"] == {"promotional": False, "rewards": True}
    row = ask(database.admin_url, "SELECT source || ' ' || recorded_by FROM consents ORDER BY id DESC LIMIT 1")
    assert row.startswith("told by phone user:")
    assert ask(database.admin_url, "SELECT action || ' ' || subject FROM audit_entries ORDER BY id DESC LIMIT 1") == (
        f"consent.withdrawn member:{nora}"
    )


def test_everything_means_every_channel_also_those_never_asked(owner, database, cafe, nora):
    press(owner, PAGE, WITHDRAWALS, **NOW, when=when(minutes=0, hours=3))

    closed = standing(database, cafe, nora)
    assert set(closed) == set(consent.CHANNELS)
    assert not any(granted for topics in closed.values() for granted in topics.values())


def test_nobody_can_write_down_a_yes(owner, database, cafe, nora):
    press(owner, PAGE, WITHDRAWALS, what="sms.rewards", how="told at the counter", when=when(hours=3), granted="true")

    assert standing(database, cafe, nora)["sms"] == {"rewards": False}


def test_a_no_older_than_a_later_yes_is_written_down_and_changes_nothing(owner, database, cafe, nora):
    answer = press(owner, PAGE, WITHDRAWALS, what="email", how="told in writing", when="2026-03-01T12:00")

    assert answer.status_code == 303
    assert standing(database, cafe, nora)["email"] == {"promotional": True, "reminders": False, "rewards": True}


@pytest.mark.parametrize(
    "fields",
    [
        {"when": ""},
        {"when": "yesterday"},
        {"when": "1999-01-01T00:00"},
        {"when": "9999-12-31T23:59"},
        {"when": "0001-01-01T00:00"},
        {"what": "fax"},
        {"what": "email.weather"},
        {"how": "dreamt it"},
    ],
)
def test_what_cannot_be_is_told_beside_the_field_and_what_was_typed_stays(owner, database, cafe, nora, fields):
    typed = {**NOW, "when": when(hours=3), **fields}
    answer = press(owner, PAGE, WITHDRAWALS, **typed)

    assert answer.status_code == 422
    assert "rg-error" in answer.text
    assert standing(database, cafe, nora) == {"email": {"promotional": True, "rewards": True}}


def test_the_proof_is_one_click_one_file_and_one_audit_entry(owner, database, nora):
    answer = press(owner, PAGE, PROOF)

    assert answer.status_code == 200
    assert answer.content_type == "text/csv; charset=utf-8"
    header, *rows = answer.text.removeprefix("\ufeff").splitlines()
    assert header.startswith('"member","channel","topic","answer","given_at"')
    told = [row.split(",")[1:4] for row in rows]
    assert told == [['"email"', f'"{each}"', '"yes"'] for each in ("rewards", "promotional")]
    assert ask(database.admin_url, "SELECT action FROM audit_entries ORDER BY id DESC LIMIT 1") == "consent.exported"


def test_only_who_may_export_gets_the_proof(colleague, nora):
    assert press(colleague("manager"), PAGE, PROOF).status_code == 403


def test_a_longer_history_costs_no_more_statements(app, owner, database, cafe, nora):
    from models.database import db

    def cost() -> int:
        with app.app_context():
            engine = db.engine
        with statements(engine) as seen:
            assert owner.get(PAGE).status_code == 200
        return len(seen)

    short = cost()
    with database.session(cafe.id) as session:
        for number in range(30):
            at = clock.now() - timedelta(days=number)
            consent.withdraw(session, nora, consent.Proof("page", at), now=at)
        session.commit()
    assert cost() == short
    assert short <= 14


def test_the_story_tells_of_consent_and_of_addresses_that_refuse(owner, database, cafe, nora, make_in):
    with make_in(cafe.id) as make:
        make.suppression("email", "nora@example.com", reason="complained", since=clock.now())

    page = owner.get("/cafes/aurora/members/M-1").text
    assert "Agreed to offers and rewards by e-mail" in page
    assert "E-mail: the guest marked a message of yours as spam." in page
    assert "Only the guest can end it" in page


def test_who_said_no_at_the_counter_is_looked_at_by_segments_and_tags(owner, database, cafe, nora):
    theirs = (MemberSummary.member_id == nora, MemberSummary.touched_at.is_not(None))
    with database.session(cafe.id) as session:
        session.execute(update(MemberSummary).values(touched_at=None))
        session.commit()
    owner.get(PAGE)
    with database.session(cafe.id) as session:
        assert session.scalar(select(MemberSummary).where(*theirs)) is None

    press(owner, PAGE, WITHDRAWALS, **NOW, when=when(hours=1))

    with database.session(cafe.id) as session:
        assert session.scalar(select(MemberSummary).where(*theirs)) is not None
