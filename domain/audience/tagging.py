"""Tags kept true: what the rules say is compared with what members have, and the difference is applied and told.

`refresh` looks at members something happened to, `recompute` at everybody. Both run the same statements, so that
looking at everybody after each was looked at changes nothing. Passes of one café wait for each other.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache

from sqlalchemy import CTE, or_, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from domain.accounts import audit
from domain.audience import breakage, consoles, membership, own_rules, tag_rules
from domain.audience.facts.scope import Scope
from models.tag import Tag
from models.tenant import Tenant

_THERE = insert(Tag).on_conflict_do_nothing(index_elements=["tenant_id", "name_key"])

# Beside `wanted`, with `{why}` and `{evidence}` of the rule. Few are looked at to the bottom, everybody only where
# something differs on the surface.
_DIFFERENCE = """
    SELECT wanted.*, held.member_id AS holder
      FROM wanted FULL JOIN (
           SELECT member_id, source, because, lapses_on FROM member_tags
            WHERE tag_id = :tag_id AND (CAST(:member_ids AS bigint[]) IS NULL OR member_id = ANY(:member_ids))) AS held
        ON held.member_id = wanted.member_id
     WHERE wanted.member_id IS NULL AND held.source = 'rule'
        OR wanted.member_id IS NOT NULL
           AND (CAST(:member_ids AS bigint[]) IS NOT NULL OR held.member_id IS NULL
                OR held.lapses_on IS DISTINCT FROM wanted.lapses_on
                OR held.because - CAST(:evidence AS text[]) IS DISTINCT FROM wanted.because)"""
_GONE = """
    DELETE FROM member_tags t USING difference
     WHERE t.tag_id = :tag_id AND t.member_id = difference.holder AND difference.member_id IS NULL
    RETURNING t.member_id, t.because"""
_CAME = """
    INSERT INTO member_tags AS t (tag_id, member_id, applied_at, source, because, lapses_on)
    SELECT :tag_id, member_id, :now, 'rule', because || {evidence}, lapses_on
      FROM difference AS wanted WHERE member_id IS NOT NULL
        ON CONFLICT (tenant_id, tag_id, member_id)
        DO UPDATE SET because = excluded.because, lapses_on = excluded.lapses_on
         WHERE t.source = 'rule' AND (t.because, t.lapses_on) IS DISTINCT FROM (excluded.because, excluded.lapses_on)
    RETURNING member_id, because, lapses_on, xmax = 0 AS is_new"""
_TOLD = """
    INSERT INTO events (type, member_id, occurred_at, recorded_at, properties)
    SELECT 'tag.lapsed', member_id, :now, :now,
           jsonb_build_object('tag', CAST(:name AS text), 'actor', CAST(:actor AS text), 'because', {why}) FROM gone
     UNION ALL
    SELECT 'tag.applied', member_id, :now, :now,
           jsonb_build_object('tag', CAST(:name AS text), 'actor', CAST(:actor AS text), 'because', because,
                              'lapses_on', lapses_on) FROM came WHERE is_new"""
_COUNTED = "SELECT (SELECT count(*) FROM came WHERE is_new) AS added, (SELECT count(*) FROM gone) AS removed"


@dataclass(frozen=True, slots=True)
class Tally:
    """How many tags members got and lost."""

    added: int = 0
    removed: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(self.added + other.added, self.removed + other.removed)


def refresh(session: Session, tenant: Tenant, member_ids: Sequence[int], *, now: datetime) -> Tally:
    """Look again at members something happened to. Nothing is done where tagging is switched off."""
    tagging = consoles.tagging(session)
    if not member_ids or not tagging.is_active:
        return Tally()
    return _run(session, Scope.of(tenant, now=now, member_ids=member_ids), months=tagging.months)


def recompute(session: Session, tenant: Tenant, *, now: datetime) -> Tally:
    """Look at everybody."""
    return _run(session, Scope.of(tenant, now=now), months=consoles.tagging(session).months)


def turn_day(session: Session, tenant: Tenant, *, now: datetime) -> Tally:
    """Look at whom a new day gives or takes a tag. Nothing is done where tagging is switched off.

    Needs that everybody was looked at before, by the same calendar.
    """
    tagging = consoles.tagging(session)
    if not tagging.is_active:
        return Tally()
    membership.hold(session)
    scope = Scope.of(tenant, now=now)
    built_in, own = _standing(session, now=now)
    tally = Tally()
    for rule in tag_rules.RULES:
        tally += _turn(session, built_in[rule.name], rule, scope, tagging.months)
    return tally + _follow_all(session, own, scope)


def follow(session: Session, tenant: Tenant, tag: Tag, *, now: datetime) -> set[str]:
    """Look at everybody for one tag with a rule of the owner's own, and for those whose rules ask about it; the names
    of all these in lower case."""
    membership.hold(session)
    scope, names = Scope.of(tenant, now=now), {tag.name_key}
    for each in own_rules.in_order(_standing(session, now=now)[1]):
        if each is tag or own_rules.names_in(each.definition) & names:
            names.add(each.name_key)
            _tried(session, each, scope)
    return names


def ensure_built_in(session: Session, *, now: datetime) -> None:
    """Have the tags that every café has."""
    session.execute(_THERE, [{"name": each, "rule": each, "created_at": now} for each in tag_rules.NAMES])


def _run(session: Session, scope: Scope, *, months: int) -> Tally:
    membership.hold(session)
    built_in, own = _standing(session, now=scope.now)
    tally = Tally()
    for rule in tag_rules.RULES:
        tally += _keep(session, built_in[rule.name], rule, scope, months)
    return tally + _follow_all(session, own, scope)


def _follow_all(session: Session, own: Sequence[Tag], scope: Scope) -> Tally:
    tally = Tally()
    for tag in own_rules.in_order(own):
        tally += _tried(session, tag, scope)
    return tally


def _tried(session: Session, tag: Tag, scope: Scope) -> Tally:
    """One rule that cannot be answered does not stop the others. One that broke overlooked members: it rests until
    everybody is looked at."""
    if tag.failed_at is not None and scope.member_ids is not None:
        return Tally()
    return breakage.tried(session, tag, lambda: _follow(session, tag, scope), Tally(), now=scope.now)


def _standing(session: Session, *, now: datetime) -> tuple[dict[str, Tag], list[Tag]]:
    """The tags that every café has by their rule, and those with a rule of the owner's own."""
    with_rules = select(Tag).where(Tag.archived_at.is_(None), or_(Tag.rule.is_not(None), Tag.definition.is_not(None)))
    tags = list(session.scalars(with_rules.order_by(Tag.id)))
    built_in = {tag.rule: tag for tag in tags if tag.rule}
    if built_in.keys() != set(tag_rules.NAMES):
        ensure_built_in(session, now=now)
        built_in = {tag.name: tag for tag in session.scalars(select(Tag).where(Tag.rule.is_not(None)))}
    return built_in, [tag for tag in tags if tag.definition]


def _turn(session: Session, tag: Tag, rule: tag_rules.Rule, scope: Scope, months: int) -> Tally:
    if rule.turning is None:
        return Tally()
    day = {"tag_id": tag.id, "today": scope.today} | _window(scope, months)
    turning = list(session.scalars(text(rule.turning), day))
    return _keep(session, tag, rule, replace(scope, member_ids=turning), months) if turning else Tally()


def _keep(session: Session, tag: Tag, rule: tag_rules.Rule, scope: Scope, months: int) -> Tally:
    window = _window(scope, months)
    return _apply(session, tag, rule.of(scope.member_ids), scope, rule.evidence, rule.why, window)


def _window(scope: Scope, months: int) -> dict[str, object]:
    return {"months": months, "since": tag_rules.months_before(scope.today, months), "timezone": scope.timezone}


def _follow(session: Session, tag: Tag, scope: Scope) -> Tally:
    return _apply(session, tag, own_rules.wanted(tag, scope), scope, "'{}'::jsonb", """'{"why": "rule"}'::jsonb""", {})


def _apply(
    session: Session, tag: Tag, wanted: CTE, scope: Scope, evidence: str, why: str, window: dict[str, object]
) -> Tally:
    counted = text(_COUNTED).columns().add_cte(wanted, *_steps(evidence, why))
    values = {
        "tag_id": tag.id,
        "name": tag.name,
        "actor": audit.SYSTEM,
        "now": scope.now,
        "member_ids": None if scope.member_ids is None else list(scope.member_ids),
        "evidence": list(tag_rules.EVIDENCE),
    }
    return Tally(*session.execute(counted, values | window).one())


@cache
def _steps(evidence: str, why: str) -> tuple[CTE, ...]:
    """What happens beside `wanted`, in its order."""
    steps = {"difference": _DIFFERENCE, "gone": _GONE, "came": _CAME.format(evidence=evidence)}
    return tuple(text(sql).columns().cte(name) for name, sql in (steps | {"told": _TOLD.format(why=why)}).items())
