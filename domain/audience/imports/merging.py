"""A slice of a file becomes members: few statements for thousands of rows, and the same slice twice changes nothing."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.orm import Session

from domain.audience import suppression
from domain.audience.imports import matching, people, remark_table, sayings
from domain.audience.imports.people import PROFILE
from domain.loyalty import summaries

OUTCOMES = ("created", "updated", "unchanged", "refused")
_NAMES = ", ".join(PROFILE)
_OLD_AND_NEW = ", ".join(f"('{name}', to_jsonb(m.{name}), to_jsonb(p.{name}))" for name in PROFILE)
_WHEN_NEW = {
    "phone_takes_texts": "coalesce(phone_takes_texts, false)",
    "joined_on": "coalesce(joined_on, CAST(:today AS date))",
}

_COUNT = text("""
    WITH first AS (
      SELECT p.anchor, p.row_number, p.is_new, p.is_changed, j.content FROM people p JOIN judged j USING (row_number)),
    outcome AS (
      SELECT CASE WHEN j.row_number = f.row_number AND f.is_new THEN 'created'
                  WHEN j.row_number = f.row_number AND f.is_changed THEN 'updated'
                  WHEN (f.is_new OR f.is_changed) AND j.content <> f.content THEN 'updated'
                  ELSE 'unchanged' END AS name
        FROM judged j JOIN first f USING (anchor))
    SELECT name, count(*) FROM outcome GROUP BY name
     UNION ALL
    SELECT 'refused', count(DISTINCT row_number) FROM incoming_remarks
     WHERE is_refusal AND row_number > :after AND row_number <= :until
     UNION ALL
    SELECT 'warnings', count(*) FROM incoming_remarks
     WHERE NOT is_refusal AND row_number > :after AND row_number <= :until""")
_KEEP_WHAT_WAS = text(f"""
    INSERT INTO import_changes AS c (import_id, member_id, was, became)
    SELECT :import_id, p.member_id, coalesce(d.was, '{{}}'), coalesce(d.became, '{{}}')
      FROM people p
     CROSS JOIN LATERAL (SELECT * FROM members WHERE id = p.member_id LIMIT 1) AS m
     CROSS JOIN LATERAL (
        SELECT jsonb_object_agg(key, old) AS was, jsonb_object_agg(key, new) AS became
          FROM (VALUES {_OLD_AND_NEW}, ('attributes', m.attributes, m.attributes || p.attributes)) AS v (key, old, new)
         WHERE new IS NOT NULL AND new IS DISTINCT FROM old) AS d
     WHERE NOT p.is_new AND p.is_changed
        ON CONFLICT (tenant_id, import_id, member_id)
        DO UPDATE SET became = c.became || excluded.became, was = excluded.was || c.was""")  # noqa: S608
_CHANGE = text(f"""
    UPDATE members m
       SET {", ".join(f"{name} = coalesce(p.{name}, m.{name})" for name in PROFILE if not name.startswith("phone"))},
           {
    ", ".join(
        f"{name} = CASE WHEN p.phone IS NULL THEN m.{name} ELSE p.{name} END"
        for name in PROFILE
        if name.startswith("phone")
    )
},
           attributes = m.attributes || coalesce(p.attributes, '{{}}'), updated_at = :now
      FROM people p
     WHERE m.id = ANY(ARRAY(SELECT member_id FROM people WHERE NOT is_new AND is_changed)) AND p.member_id = m.id""")  # noqa: S608
_ENROL = text(f"""
    WITH new AS (
      INSERT INTO members (external_id, {_NAMES}, attributes, created_at, updated_at)
      SELECT external_id, {", ".join(_WHEN_NEW.get(name, name) for name in PROFILE)},
             coalesce(attributes, '{{}}'), :now, :now
        FROM people WHERE is_new ORDER BY row_number
      RETURNING id, external_id)
    UPDATE people p SET member_id = new.id FROM new WHERE new.external_id = p.external_id AND p.is_new""")  # noqa: S608
_TELL_THEY_JOINED = text("""
    INSERT INTO events (type, member_id, occurred_at, recorded_at, properties)
    SELECT 'registration.completed', p.member_id,
           least(:now, coalesce(p.joined_on, CAST(:today AS date))::timestamp AT TIME ZONE :zone), :now,
           jsonb_build_object('import', CAST(:import_id AS bigint))
      FROM people p WHERE p.is_new ORDER BY p.row_number""")
_AFFECTED = text("SELECT member_id FROM people WHERE is_new OR is_changed ORDER BY member_id")


@dataclass(frozen=True, slots=True)
class Loading:
    """The import that rows are merged for: its id, the actor as the audit log names them, when it began, whose day."""

    import_id: int
    actor: str
    now: datetime
    zone: str

    @property
    def values(self) -> dict[str, object]:
        today = self.now.astimezone(ZoneInfo(self.zone)).date()
        return {"import_id": self.import_id, "now": self.now, "zone": self.zone, "today": today}


def rehearse(session: Session, *, after: int, until: int, now: datetime) -> Counter[str]:
    """What merging these rows would come to: how many `created`, `updated`, `unchanged`, `refused`, and `warnings`."""
    return _weighed(session, after=after, until=until, holds=False, now=now)


def merge(session: Session, loading: Loading, *, after: int, until: int) -> Counter[str]:
    """Make members of the rows above `after` and up to `until`; what came of them, as `rehearse` tells it.

    Raises `IntegrityError` when somebody took a number or an address in this very moment: roll back and merge again.
    """
    figures = _weighed(session, after=after, until=until, holds=True, now=loading.now)
    values = loading.values
    session.execute(_KEEP_WHAT_WAS, values)
    session.execute(_CHANGE, values)
    session.execute(_ENROL, values)
    session.execute(_TELL_THEY_JOINED, values)
    sayings.record(session, loading.import_id, recorded_by=loading.actor, now=loading.now)
    remark_table.keep(session, loading.import_id, after=after, until=until)
    affected = list(session.scalars(_AFFECTED))
    suppression.recall(session, affected)
    summaries.touch(session, affected, now=loading.now)
    return figures


def _weighed(session: Session, *, after: int, until: int, holds: bool, now: datetime) -> Counter[str]:
    matching.match(session, after=after, until=until)
    people.fold(session, after=after, until=until, holds=holds)
    sayings.weigh(session, after=after, until=until, now=now)
    return Counter(dict(session.execute(_COUNT, {"after": after, "until": until}).all()))
