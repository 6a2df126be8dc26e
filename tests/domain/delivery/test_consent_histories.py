"""Ten thousand guests who said yes and no in every order, by every door: nobody hears a word after their last no."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from domain.audience import consent
from domain.audience.consent import Answer, Proof, Told
from domain.delivery import batches, outbox, policy
from domain.delivery.batches import Letter
from domain.delivery.ports import Outgoing
from domain.outreach import reward_messages
from models.message import Topic

GUESTS = 10_000
MOST_ANSWERS = 6
TOPICS = (Topic.PROMOTIONAL.value, Topic.REWARDS.value)
DOORS = ("preferences page", "one-click unsubscribe", "text message", "till form", "import", "told at the counter")
History = list[tuple[bool, datetime | None, datetime]]  # the answer, when it was given if we know, when we heard it

_GUESTS = text("""
    INSERT INTO members (external_id, email, joined_on)
    SELECT 'g' || n, 'g' || n || '@example.com', '2025-01-01' FROM generate_series(1, :number) AS n RETURNING id""")
_UNLOCKS = text("""
    INSERT INTO reward_events (reward_id, member_id, number, code, unlocked_at)
    SELECT :reward_id, id, 1, 'C' || id, :now FROM members RETURNING id""")
# As a planner would that forgot to ask: whoever took their yes back must be caught on the way out.
_PROMOTIONS = text("""
    INSERT INTO messages (member_id, cause, occasion, channel, topic, lane, due_at, created_at)
    SELECT id, 'campaign:1', 'campaign:1', 'email', 'promotional', 'mass', :now, :now FROM members""")
# What any planner of promotions asks.
_WOULD_PLAN = text(f"""
    SELECT x.member_id FROM messages x CROSS JOIN tenants t
      {policy.PERSON} {policy.CONSENT} {policy.SUPPRESSION}
     WHERE t.id = current_setting('app.tenant_id')::bigint AND x.cause = 'campaign:1'
       AND CASE {policy.ERASED} {policy.UNREACHABLE} {policy.UNWANTED} {policy.PAUSED} {policy.MARKET} END IS NULL""")
_WHO = text("SELECT member_id FROM messages WHERE cause LIKE :cause AND state = :state")


class Memory:
    """What every guest said, and what follows from it, told in the plainest way."""

    def __init__(self, members: Sequence[int]) -> None:
        self.said: dict[tuple[int, str], History] = {(each, topic): [] for each in members for topic in TOPICS}

    def add(self, told: Told, now: datetime) -> None:
        answer = (told.answer.granted, told.proof.given_at, now)
        self.said[told.member_id, told.answer.topic].append(answer)

    def may_hear(self, topic: str) -> set[int]:
        return {member for (member, about), history in self.said.items() if about == topic and _is_open(history)}


def _is_open(history: History) -> bool:
    noes = [given_at or heard_at for granted, given_at, heard_at in history if not granted]
    if not noes:
        return any(granted for granted, _, _ in history)
    return any(granted and given_at and given_at > max(noes) for granted, given_at, _ in history)


@pytest.fixture
def guests(session: Session) -> list[int]:
    return list(session.scalars(_GUESTS, {"number": GUESTS}))


def say(session: Session, memory: Memory, told: list[Told], *, now: datetime) -> None:
    consent.record_all(session, told, now=now)
    for each in told:
        memory.add(each, now)


def anything(member: int, now: datetime, random: Random) -> Told:
    ago = timedelta(days=random.randrange(-1, 40), hours=random.choice((0, 1)))
    given_at = None if random.random() < 0.2 else now - ago
    answer = Answer("email", random.choice(TOPICS), granted=random.random() < 0.6)
    return Told(member, answer, Proof(random.choice(DOORS), given_at))


def noes(members: Sequence[int], share: float, now: datetime, random: Random) -> list[Told]:
    leaving = [member for member in members if random.random() < share]
    return [
        Told(member, Answer("email", topic, granted=False), Proof(random.choice(DOORS), now))
        for member in leaving
        for topic in TOPICS
        if random.random() < 0.7
    ]


def send(session: Session, account, lane: str, between, *, now: datetime) -> None:
    """Everything that is due, batch by batch; `between` happens after each claim."""
    while messages := outbox.claim(session, account, lane, owner="w", limit=1000, now=now).messages:
        between([each.member_id for each in messages])
        letters = [
            Letter(Outgoing(each.id, "g@example.com", b"", "r"), each.channel, each.member_id, each.topic, 0, "", "")
            for each in messages
        ]
        batches.advance(session, "w", account.id, batches.NOTHING, letters, now=now)


def who(session: Session, cause: str, state: str) -> set[int]:
    return set(session.scalars(_WHO, {"cause": cause, "state": state}))


@pytest.mark.timeout(600)
def test_after_a_no_nothing_is_planned_and_nothing_leaves(session, make, guests, now):
    random, memory = Random(20), Memory(guests)
    for number in range(MOST_ANSWERS):
        at = now - timedelta(days=20 - number)
        speaking = [member for member in guests if random.random() < 0.6]
        say(session, memory, [anything(member, at, random) for member in speaking], now=at)
    account, reward = make.gateway("email"), make.reward(channels=["email"])
    unlocks = list(session.scalars(_UNLOCKS, {"reward_id": reward.id, "now": now}))

    reward_messages.plan(session, unlocks, now=now)
    session.execute(_PROMOTIONS, {"now": now})

    may_hear = memory.may_hear("rewards")
    assert 2000 < len(may_hear) < 8000
    assert who(session, "reward:%", "planned") == may_hear
    assert set(session.scalars(_WOULD_PLAN, {"now": now})) == memory.may_hear("promotional")

    say(session, memory, noes(guests, 0.3, now, random), now=now)

    def change_their_minds(members: Sequence[int]) -> None:
        say(session, memory, noes(members, 0.2, now, random), now=now)

    send(session, account, "mass", change_their_minds, now=now)
    assert who(session, "campaign:1", "attempting") == memory.may_hear("promotional")

    send(session, account, "instant", change_their_minds, now=now)
    assert who(session, "reward:%", "attempting") == memory.may_hear("rewards") & may_hear
