"""The rows of a slice folded into people: what a file says about one person in several rows, the later row counting."""

from sqlalchemy import text
from sqlalchemy.orm import Session

PROFILE = (
    "card",
    "phone",
    "phone_country",
    "phone_takes_texts",
    "email",
    "first_name",
    "last_name",
    "birthday",
    "joined_on",
    "locale",
    "timezone",
    "country",
)
# A number that a merged member is still found by is not theirs to write down again.
_SAID = {"card": "CASE WHEN j.card IS NOT NULL THEN i.card END",
         "email": "CASE WHEN j.email_key IS NOT NULL THEN i.email END",
         "phone": "CASE WHEN j.phone IS NOT NULL THEN i.phone END",
         "phone_country": "CASE WHEN j.phone IS NOT NULL THEN i.phone_country END",
         "phone_takes_texts": "CASE WHEN j.phone IS NOT NULL THEN i.phone_takes_texts END"}  # fmt: skip
_LATEST = "(array_agg({name} ORDER BY row_number DESC) FILTER (WHERE {name} IS NOT NULL))[1]"
_OWN_NUMBER = "'m-' || left(replace(gen_random_uuid()::text, '-', ''), 12)"
_NAMES = ", ".join(PROFILE)

_FOLD = text(f"""
    WITH said AS (
      SELECT j.anchor, j.member_id, j.row_number, count(*) OVER (PARTITION BY j.anchor) AS rows, i.external_id,
             {", ".join(f"{_SAID.get(name, f'i.{name}')} AS {name}" for name in PROFILE)}, i.attributes
        FROM judged j JOIN incoming i USING (row_number)
       WHERE i.row_number > :after AND i.row_number <= :until),
    own AS (
      SELECT anchor, jsonb_object_agg(key, value ORDER BY row_number) AS attributes
        FROM said CROSS JOIN LATERAL jsonb_each(said.attributes) WHERE rows > 1 GROUP BY anchor),
    folded AS (
      SELECT anchor, row_number, member_id, external_id, {_NAMES}, attributes FROM said WHERE rows = 1
       UNION ALL
      SELECT anchor, min(row_number), min(member_id), min(external_id),
             {", ".join(_LATEST.format(name=name) for name in PROFILE)},
             (SELECT own.attributes FROM own WHERE own.anchor = said.anchor)
        FROM said WHERE rows > 1 GROUP BY anchor)
    INSERT INTO people (anchor, row_number, member_id, is_new, external_id, {_NAMES}, attributes)
    SELECT anchor, row_number, member_id, member_id IS NULL,
           CASE WHEN member_id IS NULL THEN coalesce(external_id, {_OWN_NUMBER}) END, {_NAMES}, attributes
      FROM folded""")  # noqa: S608 (our own fragments)
_LOCK = text("""
    SELECT count(*) FROM (
      SELECT id FROM members WHERE id = ANY(ARRAY(SELECT member_id FROM people WHERE NOT is_new))
       ORDER BY id FOR NO KEY UPDATE) AS held""")
_DIFFERS = " OR ".join(f"p.{name} <> m.{name} OR p.{name} IS NOT NULL AND m.{name} IS NULL" for name in PROFILE)
_COMPARE = text(f"""
    UPDATE people SET is_changed = true
     WHERE anchor IN (
       SELECT p.anchor FROM people p
        CROSS JOIN LATERAL (SELECT {_NAMES}, attributes FROM members WHERE id = p.member_id LIMIT 1) AS m
        WHERE NOT p.is_new AND ({_DIFFERS} OR NOT m.attributes @> coalesce(p.attributes, '{{}}')))""")  # noqa: S608


def fold(session: Session, *, after: int, until: int, holds: bool) -> None:
    """One row in `people` for each person of `judged`, and whether it changes what is known of them.

    `judged` holds rows above `after` and up to `until`: the rest of the file is not looked at, however long it is.
    `holds` keeps the members as they are until the transaction ends.
    """
    session.execute(_FOLD, {"after": after, "until": until})
    if holds:
        session.execute(_LOCK)
    session.execute(_COMPARE)
