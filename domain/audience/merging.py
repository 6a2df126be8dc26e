"""Two rows that are one person become one: everything moves to the one that is kept, and nothing is lost or doubled.

Whoever knows the row that went, a till by its card, a program by its number, a guest by an old link, is led to the one
that was kept. Of two standing answers about consent the no counts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from domain.audience import consent, consent_history, membership, restating
from domain.audience.consent import Answer, Proof
from domain.errors import NotFound, Unacceptable
from domain.loyalty import identities, ledger, settling, summaries, till, unlocks
from domain.loyalty.events import Happening
from domain.loyalty.till import Till
from domain.loyalty.unlocks import Unlock
from domain.sentences import say
from models.ledger import Balance
from models.member import Member
from models.merge import MemberAlias, MemberMerge

KEPT, GONE = "kept", "gone"
FIELDS = ("first_name", "last_name", "email", "phone", "card", "birthday", "locale", "timezone", "country")
WITH_PHONE = ("phone_country", "phone_takes_texts")
ADDRESSES = ("external_id", "email", "phone", "card")


@dataclass(frozen=True, slots=True)
class Merged:
    """The member who was kept; the rewards that unlocked because points came together, the unlocks that were closed."""

    member: Member
    unlocked: list[Unlock]
    closed: list[int]


# In the order in which everybody holds them, and at once as firmly as the row that goes will need it.
_HOLD = text("SELECT id FROM members WHERE id = ANY(:ids) ORDER BY id FOR UPDATE")
# In this order: what stands in each other's way goes aside before the rows move.
_DOUBLE_OPEN = text("""
    UPDATE reward_events e SET state = 'withdrawn', closed_at = :now
      FROM (SELECT DISTINCT ON (reward_id) id FROM (
              SELECT id, reward_id, valid_until, count(*) OVER (PARTITION BY reward_id) AS open
                FROM reward_events WHERE member_id IN (:kept, :gone) AND state = 'open') AS opened
             WHERE open = 2 ORDER BY reward_id, valid_until NULLS LAST, id) AS shorter
     WHERE e.id = shorter.id RETURNING e.id""")
_WAITING = "('planned', 'claimed')"
_SAID_TWICE = text(f"""
    UPDATE messages m SET state = 'cancelled', reason = 'duplicate', settled_at = :now, lease_until = NULL
      FROM messages o
     WHERE m.member_id IN (:kept, :gone) AND o.member_id IN (:kept, :gone) AND o.member_id <> m.member_id
       AND o.cause = m.cause AND o.occasion = m.occasion AND o.channel = m.channel AND m.state IN {_WAITING}
       AND (o.state IN ('attempting', 'sent', 'delivered', 'unsure')
            OR o.state IN {_WAITING} AND m.member_id = :gone)""")  # noqa: S608 (our own fragments)
_MOVES = tuple(
    text(statement)
    for statement in (
        "SELECT move_to_kept(:gone, :kept)",
        """UPDATE reward_events e SET member_id = :kept, number = number + coalesce((
                  SELECT max(number) FROM reward_events k WHERE k.member_id = :kept AND k.reward_id = e.reward_id), 0)
            WHERE member_id = :gone""",
        # What a worker has in its hands is written to the old address: it comes back and is written anew.
        """UPDATE messages SET state = 'planned', claimed_by = NULL, lease_until = NULL
            WHERE member_id = :gone AND state = 'claimed'""",
        """UPDATE messages m
              SET member_id = :kept,
                  occasion = occasion || CASE WHEN EXISTS (
                      SELECT FROM messages k WHERE k.member_id = :kept AND k.cause = m.cause
                         AND k.occasion = m.occasion AND k.channel = m.channel)
                             THEN '#' || CAST(:gone AS text) ELSE '' END
            WHERE member_id = :gone""",
        "UPDATE lots SET member_id = :kept WHERE member_id = :gone",
        "UPDATE purchases SET member_id = :kept WHERE member_id = :gone",
        "UPDATE redemptions SET member_id = :kept WHERE member_id = :gone",
        "UPDATE events SET member_id = :kept WHERE member_id = :gone",
        "UPDATE sign_ups SET member_id = :kept WHERE member_id = :gone",
        "UPDATE member_aliases SET member_id = :kept WHERE member_id = :gone",
        """UPDATE member_tags t SET member_id = :kept
            WHERE member_id = :gone AND NOT EXISTS (
                  SELECT FROM member_tags k WHERE k.member_id = :kept AND k.tag_id = t.tag_id)""",
        "DELETE FROM member_tags WHERE member_id = :gone",
        "DELETE FROM import_changes WHERE member_id = :gone",
        "DELETE FROM distinct_pairs WHERE first_id = :gone OR second_id = :gone",
    )
)
# Points that one of them owed are paid by the other's, the oldest first, as if they had been one all along.
_PAY_DEBTS = text("""
    WITH debt AS (
      SELECT currency_id, sum(greatest(-available, 0)) AS points FROM balances
       WHERE member_id IN (:kept, :gone) GROUP BY currency_id),
    lot AS (
      SELECT id, currency_id, remaining,
             sum(remaining) OVER (PARTITION BY currency_id ORDER BY activates_at, id) - remaining AS before
        FROM lots WHERE member_id = :kept AND active AND remaining > 0)
    UPDATE lots SET remaining = lots.remaining - least(lot.remaining, debt.points - lot.before)
      FROM lot JOIN debt USING (currency_id)
     WHERE lots.id = lot.id AND debt.points > lot.before""")
_ADD_UP = text("""
    INSERT INTO balances AS b (member_id, currency_id, available, pending)
    SELECT :kept, currency_id, available, pending FROM balances WHERE member_id = :gone
        ON CONFLICT (tenant_id, member_id, currency_id)
        DO UPDATE SET available = b.available + excluded.available, pending = b.pending + excluded.pending""")
_CLOSE_BALANCE = text("DELETE FROM balances WHERE member_id = :gone")


def pair(session: Session, kept: str, gone: str) -> tuple[Member, Member]:
    """The two members with these numbers. Raises `Unacceptable` when they are one already."""
    query = select(Member).where(Member.external_id.in_([kept, gone]), Member.erased_at.is_(None))
    found = {member.external_id: member for member in session.scalars(query)}
    if kept == gone:
        raise Unacceptable(say("These are the same record. Choose another one."))
    if len(found) < 2:
        raise NotFound(say("There is no member with this number."))
    return found[kept], found[gone]


def suggested(kept: Member, gone: Member) -> dict[str, str]:
    """Whose value each field takes unless somebody chooses otherwise: the kept one's, where there is one."""
    return {name: GONE if not getattr(kept, name) and getattr(gone, name) else KEPT for name in FIELDS}


def merge(
    session: Session, kept_id: int, gone_id: int, *, choices: Mapping[str, str], actor: str, now: datetime
) -> Merged:
    """Make one member of two. `choices` say for each of `FIELDS` whose value is kept; what is missing is as suggested.

    Raises `NotFound` when one of them is gone already. Tell `reactions.answer` what unlocked and closed.
    """
    both = sorted((kept_id, gone_id))
    membership.hold(session)  # before the members are held, as all do who change memberships
    identities.hold_alone(session)
    scene = till.approach(session)  # before the members are locked, as tills do
    session.execute(_HOLD, {"ids": both})
    consent.hold(session, both)
    unlocked = settling.settle_due(session, both, now=now)
    kept, gone = _living(session, kept_id), _living(session, gone_id)
    before, closed_before = _available(session, both), _closed(session, both)
    ids = {"kept": kept_id, "gone": gone_id, "now": now}
    closed = list(session.scalars(_DOUBLE_OPEN, ids))
    session.execute(_SAID_TWICE, ids)
    _become_one(session, kept, gone, suggested(kept, gone) | dict(choices), actor=actor, now=now)
    for statement in (*_MOVES, _PAY_DEBTS, _ADD_UP, _CLOSE_BALANCE):
        session.execute(statement, ids)
    _agree(session, kept_id, gone_id, closed_before, now=now)
    unlocked += _unlock(session, scene, kept_id, before, now=now)
    membership.forget(session, [gone_id])
    summaries.forget(session, [gone_id])
    summaries.recount(session, [kept_id], now=now)
    return Merged(kept, unlocked, closed)


def _living(session: Session, member_id: int) -> Member:
    query = select(Member).where(Member.id == member_id, Member.erased_at.is_(None))
    member = session.scalar(query.execution_options(populate_existing=True))
    if member is None:
        raise NotFound(say("This record is gone: somebody else joined or forgot it."))
    return member


def _become_one(
    session: Session, kept: Member, gone: Member, choices: Mapping[str, str], *, actor: str, now: datetime
) -> None:
    """The profile, the record of the merge, and the ways in which the one who is kept is found from now on."""
    known = {(kind, _spelling(kind, getattr(each, kind))) for each in (kept, gone) for kind in ADDRESSES}
    taken: dict[str, Any] = {name: getattr(gone, name) for name in FIELDS if choices[name] == GONE}
    session.add(MemberMerge(kept_id=kept.id, gone_id=gone.id, at=now, actor=actor, details={"taken": sorted(taken)}))
    taken |= {name: getattr(gone, name) for name in WITH_PHONE if "phone" in taken}
    kept.attributes = gone.attributes | kept.attributes
    if gone.may_count is False or kept.may_count is None:
        kept.may_count = gone.may_count  # of two words the no counts
    kept.joined_on = min(kept.joined_on, gone.joined_on)
    _blank(gone, now=now)
    session.flush()  # its addresses are free now
    for name, value in taken.items():
        setattr(kept, name, value)
    kept.updated_at = now
    session.flush()
    theirs = {(kind, _spelling(kind, getattr(kept, kind))) for kind in ADDRESSES}
    _find_by(session, kept.id, known - theirs)


def _blank(gone: Member, *, now: datetime) -> None:
    for name in FIELDS:
        setattr(gone, name, None)
    gone.phone_country, gone.phone_takes_texts, gone.attributes = None, False, {}
    gone.external_id = f"merged-{gone.id}"
    gone.erased_at = gone.updated_at = now


def _find_by(session: Session, member_id: int, names: set[tuple[str, str | None]]) -> None:
    rows = [{"kind": kind, "value": value, "member_id": member_id} for kind, value in sorted(names) if value]
    if rows:
        added = insert(MemberAlias).values(rows)
        session.execute(
            added.on_conflict_do_update(
                index_elements=["tenant_id", "kind", "value"], set_={"member_id": added.excluded.member_id}
            )
        )


def _spelling(kind: str, value: str | None) -> str | None:
    return value.lower() if kind == "email" and value else value


def _available(session: Session, ids: list[int]) -> dict[int, int]:
    """The higher of the two balances, by currency: only above it have points come together."""
    rows = session.execute(select(Balance.currency_id, Balance.available).where(Balance.member_id.in_(ids)))
    highest: dict[int, int] = {}
    for currency_id, available in rows:
        highest[currency_id] = max(available, highest.get(currency_id, 0))
    return highest


def _closed(session: Session, ids: list[int]) -> set[tuple[str, str]]:
    standing = [(channel, topic, granted) for each in ids for channel, topic, granted in _standing(session, each)]
    return {(channel, topic) for channel, topic, granted in standing if not granted}


def _standing(session: Session, member_id: int) -> list[tuple[str, str, bool]]:
    of_member = consent.of_member(session, member_id)
    return [(channel, topic, granted) for channel, topics in of_member.items() for topic, granted in topics.items()]


def _agree(session: Session, kept_id: int, gone_id: int, closed: set[tuple[str, str]], *, now: datetime) -> None:
    """Where consent stands now: as everything they said makes it, and closed wherever one of them had closed it."""
    restating.restate(session, kept_id, instead_of=gone_id)
    opened = {(channel, topic) for channel, topic, granted in _standing(session, kept_id) if granted}
    noes = [Answer(channel, topic, granted=False) for channel, topic in sorted(opened & closed)]
    consent.record(session, kept_id, noes, Proof(consent_history.MERGE, now), now=now)


def _unlock(session: Session, scene: Till, kept_id: int, before: Mapping[int, int], *, now: datetime) -> list[Unlock]:
    book = ledger.read_book(session, [kept_id], now=now)
    for (_, currency_id), account in book.accounts.items():
        account.lowest = min(account.available, before.get(currency_id, 0))
    book.events.append(Happening("member.merged", kept_id, now, {}))
    opened = unlocks.open_new(session, scene, book)
    ledger.write(session, book)
    return opened
