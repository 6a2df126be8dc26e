"""Planning: what the product writes down about 50,000 unlocks and two channels, policy and all, against one
`INSERT … SELECT` that writes the same 100,000 rows without asking anything."""

import time
from collections.abc import Callable

import psycopg
from sqlalchemy import text
from sqlalchemy.orm import Session

from bench import members, unlocks
from bench.house import House, open_cafe
from bench.measures import Finding, Ratio, in_turn
from domain import clock
from domain.delivery import accounts
from domain.outreach import reward_messages
from domain.outreach.reward_messages import EXPIRES_AFTER
from tests.databases import Database

UNLOCKS, CHANNELS = 50_000, ["email", "sms"]
MESSAGES = UNLOCKS * len(CHANNELS)
ROUNDS = 5

_BARE = text("""
    INSERT INTO messages (tenant_id, member_id, cause, occasion, channel, topic, lane, state, template_id, due_at,
                          expires_at, timezone, quiet_from, quiet_to, hours_of, created_at)
    SELECT e.tenant_id, e.member_id, 'reward:' || e.reward_id, 'reward_event:' || e.id, rc.channel, 'rewards',
           'instant', 'planned', rc.template_id, :now, CAST(:now AS timestamptz) + :expires_after, 'Europe/Vienna',
           r.quiet_from, r.quiet_to, 'AT', :now
      FROM reward_events e
      JOIN rewards r ON r.tenant_id = e.tenant_id AND r.id = e.reward_id
      JOIN reward_channels rc ON rc.tenant_id = r.tenant_id AND rc.reward_id = r.id
     WHERE e.id = ANY(:reward_event_ids)
        ON CONFLICT ON CONSTRAINT uq_messages_once DO NOTHING""")
_REASONS = text("SELECT coalesce(reason, state), count(*) FROM messages GROUP BY 1 ORDER BY 1")


def run(house: House) -> Finding:
    """Plan the same unlocks over and over, with and without policy; the table is emptied in between."""
    with house.database("planning") as database:
        cafe = open_cafe(database, slug="aurora")
        ids = _seed(database, cafe.id)
        with database.session(cafe.id) as session:
            ours, bare = in_turn(
                ROUNDS,
                lambda _: _timed(session, lambda: _plan(session, ids)),
                lambda _: _timed(session, lambda: _insert(session, ids)),
                before=lambda: _empty(house, database),
            )
            _empty(house, database)
            _plan(session, ids)
            reasons = dict(session.execute(_REASONS).all())
    measure = Ratio("planning 100,000 reward messages", "messages/s", ours, bare, wanted=0.5)
    return Finding("planning", [measure], {"messages": MESSAGES} | reasons)


def _seed(database: Database, tenant_id: int) -> list[int]:
    now = clock.now()
    with database.session(tenant_id) as session:
        members.invite(session, UNLOCKS, now=now)
        members.lose_some(session, now=now)
        for channel, provider in (("email", "smtp"), ("sms", "twilio")):
            accounts.add(session, channel=channel, provider=provider, credentials={}, now=now, set_by_operator=True)
        accounts.approve_texts(session, ["AT"], now=now)
        ids = unlocks.unlock(session, unlocks.offer(session, CHANNELS), now=now)
        session.commit()
    with psycopg.connect(database.owner_url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
    return ids


def _timed(session: Session, plan: Callable[[], int]) -> float:
    """Messages a second, from an empty table to the commit."""
    begins = time.perf_counter()
    written = plan()
    session.commit()
    seconds = time.perf_counter() - begins
    if written != MESSAGES:
        raise RuntimeError(f"{written} messages were written down, not {MESSAGES}")
    return written / seconds


def _plan(session: Session, ids: list[int]) -> int:
    return reward_messages.plan(session, ids, now=clock.now())


def _insert(session: Session, ids: list[int]) -> int:
    values = {"reward_event_ids": ids, "now": clock.now(), "expires_after": EXPIRES_AFTER}
    return session.execute(_BARE, values).rowcount


def _empty(house: House, database: Database) -> None:
    with psycopg.connect(database.owner_url) as connection:
        connection.execute("TRUNCATE messages")
    house.calm()
