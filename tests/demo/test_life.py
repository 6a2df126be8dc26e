"""The invented year: plausible, the same for the same day, and true to the product's own rules."""

from collections import Counter, defaultdict
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from sqlalchemy import text

from demo import answers, cafe, life, post, wallet
from demo.answers import Answer
from demo.post import SINCE
from demo.visits import VIENNA
from domain.loyalty import defaults
from models.message import MessageState, Reason

TODAY = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def year():
    return life.imagine(1500, now=TODAY)


def test_the_same_day_brings_the_same_life():
    assert life.imagine(30, now=TODAY) == life.imagine(30, now=TODAY)


def test_weekends_and_december_are_busier(year):
    days = Counter(visit.at.astimezone(VIENNA).date() for visit in year.visits)
    by_kind = defaultdict(list)
    for day, count in days.items():
        by_kind["weekend" if day.weekday() >= 5 else "week"].append(count)
    mean = {kind: sum(counts) / len(counts) for kind, counts in by_kind.items()}

    assert mean["weekend"] > 1.1 * mean["week"]
    months = Counter(visit.at.astimezone(VIENNA).month for visit in year.visits if visit.guest.joined_on.year == 2025)
    assert months[12] > months[7]


def test_guests_join_all_the_time_and_some_stop_coming(year):
    joined = Counter((guest.joined_on.year, guest.joined_on.month) for guest in year.guests)
    last = {visit.guest.number: visit.at for visit in year.visits}

    assert all(joined[2026, month] >= 5 for month in range(1, 11))
    assert sum(at < TODAY - timedelta(days=90) for at in last.values()) > 60


def test_what_is_left_in_a_wallet_is_what_was_earned_less_what_was_spent(year):
    for one in year.wallets.values():
        for currency in (wallet.POINTS, wallet.STARS):
            lots = [lot for lot in one.earned if lot.currency == currency]
            spent = sum(
                unlock.goal.threshold for unlock in one.unlocks if unlock.used and unlock.goal.currency == currency
            )
            assert (
                one.balance(currency) == sum(lot.remaining for lot in lots) == sum(lot.points for lot in lots) - spent
            )


def test_every_unlock_of_the_last_weeks_was_told_or_not_told_once_a_channel(year):
    told = Counter((id(each.unlock), each.channel) for each in year.posts)
    recent = [each for each in year.unlocks if each.goal.is_told and each.visit.at >= TODAY - SINCE]

    assert set(told.values()) == {1}
    assert len(told) == 2 * len(recent) > 100


def test_who_was_written_to_had_said_yes_and_who_was_not_has_a_reason(year):
    for each in year.posts:
        guest, at = each.unlock.visit.guest, each.unlock.visit.at
        answer = answers.standing(year.answers[guest.number], at=at).get((each.channel, "rewards"))
        if each.state is MessageState.SKIPPED:
            expected = {
                Reason.NO_CONSENT: answer is None,
                Reason.UNSUBSCRIBED: answer is not None and not answer.granted,
                Reason.NO_ADDRESS: not (guest.email if each.channel == "email" else guest.phone),
                Reason.SUPPRESSED: True,
            }
            assert expected[each.reason]
        else:
            assert answer is not None
            assert answer.granted


def test_messages_ended_in_every_way_that_teaches_something(year):
    assert {each.state for each in year.posts} >= {
        MessageState.SENT, MessageState.DELIVERED, MessageState.FAILED, MessageState.BOUNCED, MessageState.SKIPPED,
    }  # fmt: skip
    assert {each.reason for each in year.posts} >= {Reason.NO_CONSENT, Reason.UNSUBSCRIBED, Reason.NO_ADDRESS}


def test_an_address_that_ended_gets_nothing_more(year):
    unlock = next(each for each in year.unlocks if each.goal.is_told and each.visit.at >= TODAY - SINCE)
    gone = replace(unlock.visit.guest, number=61, email="moved@example.com")
    at_gone = replace(unlock, visit=replace(unlock.visit, guest=gone))
    yes = [Answer(gone, "email", "rewards", True, at_gone.visit.at, "join page")]
    first, second = (
        each for each in post.of([at_gone, at_gone], yes, now=TODAY, random=Random(1)) if each.channel == "email"
    )

    assert first.ends_address
    assert (second.state, second.reason) == (MessageState.SKIPPED, Reason.SUPPRESSED)


@pytest.fixture
def written(session, make, tenant):
    """A small year in the tables of a café that has its gateways."""
    defaults.open_cafe(session, tenant, now=TODAY)
    make.gateway("email")
    make.gateway("sms")
    cafe.fill(session, now=TODAY, guests=80)
    session.flush()
    return session


WRONG = {
    "ledger, lots and balance are one number": """
        SELECT count(*) FROM balances b
         WHERE available <> (SELECT sum(points) FROM ledger_entries e
                              WHERE e.member_id = b.member_id AND e.currency_id = b.currency_id)
            OR available <> (SELECT sum(remaining) FROM lots l
                              WHERE l.member_id = b.member_id AND l.currency_id = b.currency_id)""",
    "what counts as a guest's answer is the last one": """
        SELECT count(*) FROM consent_states s
         WHERE granted <> (SELECT granted FROM consents c WHERE c.member_id = s.member_id AND c.channel = s.channel
                              AND c.topic = s.topic ORDER BY given_at DESC LIMIT 1)""",
    "what was handed over says what, to whom and when": """
        SELECT count(*) FROM messages
         WHERE (started_at IS NULL) <> (state IN ('skipped', 'planned'))
            OR started_at IS NOT NULL AND (address IS NULL OR body_preview IS NULL OR gateway_id IS NULL)
            OR started_at < due_at OR due_at < created_at OR settled_at < started_at""",
    "a message speaks of the member's own unlock": """
        SELECT count(*) FROM messages m
         WHERE NOT EXISTS (SELECT FROM reward_events e WHERE m.occasion = 'reward_event:' || e.id
                              AND m.cause = 'reward:' || e.reward_id AND e.member_id = m.member_id)""",
    "every purchase is counted in its member's summary": """
        SELECT count(*) FROM member_summaries s
         WHERE purchases <> (SELECT count(*) FROM purchases p WHERE p.member_id = s.member_id)""",
    "nothing lies in the future": "SELECT count(*) FROM purchases WHERE occurred_at > '2026-11-24 12:00Z'",
}


@pytest.mark.parametrize("rule", WRONG)
def test_the_written_year_keeps_the_product_s_rules(written, rule):
    assert written.scalar(text(WRONG[rule])) == 0
    assert written.scalar(text("SELECT count(*) FROM messages WHERE state IN ('sent', 'delivered')")) > 5
