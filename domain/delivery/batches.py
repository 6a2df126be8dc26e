"""A claimed batch on its way out, in small groups: started, handed over, settled. Between the steps the door commits.

Every statement names the owner and the state it expects: whoever lost a lease stops instead of sending twice.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from domain.arrays import array
from domain.audience import suppression
from domain.delivery import accounts, backoff, duty, parts
from domain.delivery.leases import LEASE
from domain.delivery.ports import Outgoing, SendOutcome, SendResult
from models.message import MessageState

LONGEST_DETAIL = 500
STATE_AFTER = {
    SendOutcome.ACCEPTED: MessageState.SENT,
    SendOutcome.TRY_LATER: MessageState.PLANNED,
    SendOutcome.REFUSED: MessageState.FAILED,
    SendOutcome.UNSURE: MessageState.UNSURE,
    SendOutcome.GATEWAY_DOWN: MessageState.PLANNED,
}


@dataclass(frozen=True, slots=True)
class Letter:
    """A rendered message: what goes out, and what is kept of it."""

    outgoing: Outgoing
    channel: str
    member_id: int | None
    topic: str
    attempts: int
    subject: str | None
    preview: str


# Settling one group and starting the next is one statement: different rows, one commit. Both name the ids twice: joined
# alone, a planner that takes the table for small reads all of it for every group.
_ADVANCE = text(f"""
    WITH
    -- Locked: who takes back their consent now waits until this group is marked, and whoever did so is seen here.
    agreed AS (
      SELECT member_id, topic, granted AND coalesce(paused_until <= :now, true) AS granted FROM consent_states
       WHERE member_id = ANY(:members) AND channel = :channel AND topic = ANY(:topics) FOR SHARE),
    settled AS (
      UPDATE messages m
         SET state = s.state, provider_ref = s.ref, due_at = coalesce(s.due_at, m.due_at),
             detail = CASE WHEN m.address IS NOT NULL THEN s.detail END,  -- none: the member was forgotten meanwhile
             attempts = m.attempts - s.not_counted, lease_until = NULL,
             claimed_by = CASE s.state WHEN 'planned' THEN NULL ELSE m.claimed_by END,
             sent_at = CASE s.state WHEN 'sent' THEN CAST(:now AS timestamptz) END,
             settled_at = CASE s.state WHEN 'planned' THEN NULL ELSE CAST(:now AS timestamptz) END
        FROM unnest(CAST(:done_ids AS bigint[]), CAST(:states AS text[]), CAST(:refs AS text[]),
                    CAST(:details AS text[]), CAST(:dues AS timestamptz[]), CAST(:not_counted AS bigint[]))
             AS s (id, state, ref, detail, due_at, not_counted)
       WHERE m.id = s.id AND m.id = ANY (CAST(:done_ids AS bigint[]))
         AND m.claimed_by = :owner AND m.state IN ('attempting', 'unsure')
         AND (SELECT count(*) FROM agreed) >= 0  -- consent first, then messages, as who forgets or merges members does
   RETURNING m.state),
    fared AS ({duty.FARED}),
    sent AS (
      SELECT * FROM unnest(CAST(:ids AS bigint[]), CAST(:members_of AS bigint[]), CAST(:topics_of AS text[]),
                           CAST(:addresses AS text[]), CAST(:address_keys AS text[]), CAST(:subjects AS text[]),
                           CAST(:previews AS text[]))
             AS s (id, member_id, topic, address, address_key, subject, preview)),
    door AS (
      SELECT g.provider, t.paused_at IS NOT NULL OR g.stopped_at IS NOT NULL AS is_shut
        FROM gateways g JOIN tenants t ON t.id = g.tenant_id WHERE g.id = :gateway_id),
    judged AS MATERIALIZED (
      SELECT sent.*, (SELECT is_shut FROM door) AS waits,
             CASE WHEN sent.member_id IS NULL THEN NULL
                  WHEN (sent.member_id, sent.topic) NOT IN (SELECT member_id, topic FROM agreed) THEN 'no_consent'
                  WHEN (sent.member_id, sent.topic) NOT IN (SELECT member_id, topic FROM agreed WHERE granted)
                       THEN 'unsubscribed'
                  WHEN EXISTS (SELECT FROM suppressions s WHERE s.channel = :channel AND s.address = sent.address_key
                                  AND s.lifted_at IS NULL) THEN 'suppressed' END AS reason
        FROM sent),
    started AS (
      UPDATE messages m
         SET state = CASE WHEN j.waits THEN 'planned' WHEN j.reason IS NULL THEN 'attempting' ELSE 'cancelled' END,
             reason = CASE WHEN j.waits THEN NULL ELSE j.reason END,
             claimed_by = CASE WHEN j.waits THEN NULL ELSE m.claimed_by END,
             lease_until = CASE WHEN j.waits OR j.reason IS NOT NULL THEN NULL ELSE clock_timestamp() + :lease END,
             settled_at = CASE WHEN NOT j.waits AND j.reason IS NOT NULL THEN CAST(:now AS timestamptz) END,
             attempts = m.attempts + CASE WHEN j.waits OR j.reason IS NOT NULL THEN 0 ELSE 1 END,
             started_at = :now, provider = (SELECT provider FROM door), address = j.address, subject = j.subject,
             body_preview = j.preview
        FROM judged j
       WHERE m.id = j.id AND m.id = ANY (CAST(:ids AS bigint[])) AND m.claimed_by = :owner AND m.state = 'claimed'
   RETURNING m.id, m.state)
    SELECT NULL AS id, state FROM settled UNION ALL SELECT id, state FROM started""")  # noqa: S608 (our own fragment)

_STILL_KNOWN = text("SELECT address IS NOT NULL FROM messages WHERE id = :id")
_PARK = text("""
    UPDATE messages m SET state = 'failed', detail = p.detail, settled_at = :now, lease_until = NULL
      FROM unnest(CAST(:ids AS bigint[]), CAST(:details AS text[])) AS p (id, detail)
     WHERE m.id = p.id AND m.claimed_by = :owner AND m.state = 'claimed'""")


def groups(letters: Sequence[Letter], *, size: int) -> Iterator[Sequence[Letter]]:
    """The letters in groups of at most `size`: what one crash can leave unsure."""
    return (letters[first : first + size] for first in range(0, len(letters), size))


@dataclass(frozen=True, slots=True)
class HandedOver:
    """A group that was handed over: what each result told, and how long it took. No letters: nothing was."""

    letters: Sequence[Letter] = ()
    results: Sequence[SendResult] = ()
    took: timedelta = timedelta(0)

    @property
    def told(self) -> dict[int, SendResult]:
        """The results by message. A letter without one is unsure."""
        told = {each.message_id: each for each in self.results}
        return {each.outgoing.message_id: told.get(each.outgoing.message_id) or _silence(each) for each in self.letters}


NOTHING = HandedOver()


@dataclass(frozen=True, slots=True)
class Advanced:
    """What became of the group that was handed over, by state; the letters of the next that may go now, and what
    became of its others."""

    settled: Counter[str]
    may_go: list[Letter]
    held_back: Counter[str]


def advance(
    session: Session, owner: str, gateway_id: int, done: HandedOver, group: Sequence[Letter], *, now: datetime
) -> Advanced:
    """Write down what a hand-over told about one group and mark the next as being handed over, in one statement.

    Consent, suppression, pause and cancellation are read once more. A gateway that is down is stopped, and its messages
    stay planned. Commit before sending.
    """
    told = done.told
    asked = _outcomes(done, told, now) | _starters(group) | _fared(told, done.took, now)
    rows = session.execute(_ADVANCE, asked | {"owner": owner, "gateway_id": gateway_id, "lease": LEASE}).all()
    parts.keep(session, gateway_id, told.values())
    _suppress(session, done.letters, told, now=now)
    down = next((each for each in told.values() if each.outcome is SendOutcome.GATEWAY_DOWN), None)
    if down:
        accounts.stop(session, gateway_id, because=down.detail, now=now)
    started = {row.id: row.state for row in rows if row.id is not None}
    may_go = [each for each in group if started.get(each.outgoing.message_id) == MessageState.ATTEMPTING]
    held_back = Counter(state for state in started.values() if state != MessageState.ATTEMPTING)
    return Advanced(Counter(row.state for row in rows if row.id is None), may_go, held_back)


def park(session: Session, owner: str, details: dict[int, str], *, now: datetime) -> int:
    """End messages that could not be rendered, with words the owner can read; the others go on."""
    asked = {"owner": owner, "ids": list(details), "details": [each[:LONGEST_DETAIL] for each in details.values()]}
    return session.execute(_PARK, asked | {"now": now}).rowcount if details else 0  # type: ignore[attr-defined]


def _outcomes(done: HandedOver, told: dict[int, SendResult], now: datetime) -> dict[str, Any]:
    results = [told[each.outgoing.message_id] for each in done.letters]
    return {
        "done_ids": array(each.message_id for each in results),
        "states": array(STATE_AFTER[each.outcome].value for each in results),
        "refs": array(each.provider_ref for each in results),
        "details": array(each.detail[:LONGEST_DETAIL] or None for each in results),
        "dues": array(_due(letter, each, now) for letter, each in zip(done.letters, results, strict=True)),
        "not_counted": array(int(each.outcome is SendOutcome.GATEWAY_DOWN) for each in results),
    }


def _starters(group: Sequence[Letter]) -> dict[str, Any]:
    return {
        "channel": group[0].channel if group else "",
        "ids": array(each.outgoing.message_id for each in group),
        "members_of": array(each.member_id for each in group),
        "members": [each.member_id for each in group if each.member_id is not None],
        "topics_of": array(each.topic for each in group),
        "topics": sorted({each.topic for each in group}),
        "addresses": array(each.outgoing.to for each in group),
        "address_keys": array(each.outgoing.to.lower() for each in group),
        "subjects": array(each.subject for each in group),
        "previews": array(each.preview for each in group),
    }


def _fared(told: dict[int, SendResult], took: timedelta, now: datetime) -> dict[str, Any]:
    taken = sum(each.outcome in (SendOutcome.ACCEPTED, SendOutcome.REFUSED) for each in told.values())
    return duty.fared(taken=taken, not_taken=len(told) - taken, took=took, now=now)


def _due(letter: Letter, result: SendResult, now: datetime) -> datetime | None:
    if result.outcome is not SendOutcome.TRY_LATER:
        return None
    return now + backoff.wait(letter.attempts + 1, at_least=result.retry_after)


def _silence(letter: Letter) -> SendResult:
    return SendResult(letter.outgoing.message_id, SendOutcome.UNSURE, detail="The gateway did not answer.")


def _suppress(session: Session, letters: Sequence[Letter], told: dict[int, SendResult], *, now: datetime) -> None:
    for letter in letters:
        result = told[letter.outgoing.message_id]
        if result.suppress and session.scalar(_STILL_KNOWN, {"id": letter.outgoing.message_id}):
            address = letter.outgoing.to
            suppression.suppress(session, letter.channel, address, result.suppress, now=now, detail=result.detail)
