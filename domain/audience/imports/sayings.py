"""What a file says beside the profile: answers about consent, and tags. Only what changes something stays.

A file never opens what a member closed, and of two answers in one file the no counts.
"""

import json
from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from domain.audience import consent, tags
from domain.audience.consent import Answer, Proof, Told
from domain.audience.imports.readings import NOT_PROVEN
from domain.sentences import say

SOURCE = "import"  # of a no that names no other
CLOSED = say("The guest said no to this themselves. A file does not open it again.")
KEPT_BY_RULE = say("The tag %(tag)s is kept by its rule, so it was not put on.", tag="")
TOO_MANY = say("A café has at most %(most)s tags, so the new ones were not put on.", most=tags.MOST_TAGS)
ARCHIVED = say("The tag %(tag)s is archived, so it was not put on.", tag="")

_ANSWERS = text("""
    WITH said AS (
      SELECT DISTINCT ON (j.anchor, a.value->>0, a.value->>1)
             j.anchor, j.row_number, a.value->>0 AS channel, a.value->>1 AS topic, (a.value->>2)::boolean AS granted,
             (a.value->>3)::boolean AS is_proven, i.consent_source, i.consent_at
        FROM judged j JOIN incoming i USING (row_number) CROSS JOIN LATERAL jsonb_array_elements(i.consents) AS a
       WHERE i.row_number > :after AND i.row_number <= :until AND i.consents IS NOT NULL
       ORDER BY j.anchor, a.value->>0, a.value->>1, (a.value->>2)::boolean, (a.value->>3)::boolean DESC,
                i.consent_at DESC NULLS LAST)
    INSERT INTO answers (anchor, row_number, channel, topic, granted, is_proven, source, given_at, stands, since,
                         is_of_this_file)
    SELECT said.anchor, said.row_number, said.channel, said.topic, said.granted, is_proven, consent_source, consent_at,
           s.granted, s.since, s.recorded_at = :now
      FROM said JOIN people p USING (anchor)
      LEFT JOIN LATERAL (
        SELECT s.granted, s.since, c.recorded_at
          FROM consent_states s JOIN consents c ON c.tenant_id = s.tenant_id AND c.id = s.consent_id
         WHERE s.member_id = p.member_id AND s.channel = said.channel AND s.topic = said.topic LIMIT 1) AS s ON true""")
# A yes without proof that stands already says nothing new: what went out of here can come in again.
_NOT_PROVEN = text("""
    WITH gone AS (
      DELETE FROM answers WHERE NOT is_proven
      RETURNING row_number, 'consent_' || channel || '_' || topic AS field, stands)
    INSERT INTO incoming_remarks (row_number, line, field, words, "values", is_refusal, cells)
    SELECT i.row_number, i.line, field, :words, '{}', false, i.cells
      FROM gone JOIN incoming i USING (row_number) WHERE stands IS NOT TRUE""")
_STAYS_CLOSED = text("""
    WITH closed AS (
      DELETE FROM answers WHERE granted AND NOT stands
      RETURNING row_number, 'consent_' || channel || '_' || topic AS field)
    INSERT INTO incoming_remarks (row_number, line, field, words, "values", is_refusal, cells)
    SELECT i.row_number, i.line, field, :words, '{}', false, i.cells FROM closed JOIN incoming i USING (row_number)""")
# Two answers of one file count as given in one moment, however they are dated: there the no counts.
_OF_THIS_FILE = text("""
    UPDATE answers SET given_at = since WHERE NOT granted AND stands AND is_of_this_file AND given_at < since""")
_STANDS_ALREADY = text("DELETE FROM answers WHERE granted = stands OR given_at < since")
_LABELS = text("""
    WITH said AS (
      SELECT DISTINCT ON (j.anchor, lower(t.value)) j.anchor, j.row_number, t.value AS name
        FROM judged j JOIN incoming i USING (row_number)
       CROSS JOIN LATERAL jsonb_array_elements_text(i.tags) AS t
       WHERE i.row_number > :after AND i.row_number <= :until AND i.tags IS NOT NULL
       ORDER BY j.anchor, lower(t.value), j.row_number)
    INSERT INTO labels (anchor, row_number, name, tag_id, is_kept_by_rule, is_archived, is_worn)
    SELECT said.anchor, said.row_number, said.name, known.id, known.rule IS NOT NULL OR known.definition IS NOT NULL,
           known.archived_at IS NOT NULL, worn.member_id IS NOT NULL
      FROM said JOIN people p USING (anchor)
      LEFT JOIN tags known ON known.name_key = lower(said.name)
      LEFT JOIN LATERAL (
        SELECT member_id FROM member_tags t WHERE t.tag_id = known.id AND t.member_id = p.member_id LIMIT 1
      ) AS worn ON true""")
_NOT_BY_FILE = text("""
    WITH kept AS (DELETE FROM labels WHERE is_kept_by_rule OR is_archived RETURNING *),
    once AS (SELECT DISTINCT ON (tag_id) * FROM kept ORDER BY tag_id, row_number)
    INSERT INTO incoming_remarks (row_number, line, field, words, "values", is_refusal, cells)
    SELECT i.row_number, i.line, 'tags', CASE WHEN is_archived THEN :archived ELSE :kept_by_rule END,
           jsonb_build_object('tag', name), false, i.cells
      FROM once JOIN incoming i USING (row_number)""")
_WORN_ALREADY = text("DELETE FROM labels WHERE is_worn")
_CHANGED = text("""
    UPDATE people SET is_changed = true
     WHERE anchor IN (SELECT anchor FROM answers UNION ALL SELECT anchor FROM labels)""")
_TOO_MANY = text("""
    WITH named AS (SELECT lower(name) AS key, min(row_number) AS row_number FROM labels
                    WHERE tag_id IS NULL GROUP BY lower(name)),
    beyond AS (
      SELECT key FROM named ORDER BY row_number OFFSET greatest(0, :most - (SELECT count(*) FROM tags))),
    gone AS (DELETE FROM labels WHERE tag_id IS NULL AND lower(name) IN (SELECT key FROM beyond) RETURNING row_number)
    INSERT INTO incoming_remarks (row_number, line, field, words, "values", is_refusal, cells)
    SELECT DISTINCT i.row_number, i.line, 'tags', :words, jsonb_build_object('most', CAST(:most AS bigint)), false,
           i.cells
      FROM gone JOIN incoming i USING (row_number)""")
_TO_PUT_ON = text("""
    SELECT min(l.name), array_agg(p.member_id ORDER BY p.member_id) FROM labels l JOIN people p USING (anchor)
     GROUP BY lower(l.name) ORDER BY min(l.row_number)""")
_TOLD = text("""
    SELECT p.member_id, a.channel, a.topic, a.granted, coalesce(a.source, :source) AS source, a.given_at,
           CASE a.channel WHEN 'email' THEN m.email WHEN 'sms' THEN m.phone WHEN 'voice' THEN m.phone
                          WHEN 'viber' THEN m.phone WHEN 'whatsapp' THEN m.phone END AS address
      FROM answers a JOIN people p USING (anchor)
     CROSS JOIN LATERAL (SELECT email, phone FROM members WHERE id = p.member_id LIMIT 1) AS m
     ORDER BY a.row_number, a.channel, a.topic""")


def weigh(session: Session, *, after: int, until: int, now: datetime) -> None:
    """Fill `answers` and `labels` with what changes something, and mark the people whom it changes.

    The people are those of the rows above `after` and up to `until`.
    `now` is when the import began: what is recorded with it is of the same file.
    """
    rows = {"after": after, "until": until}
    session.execute(_ANSWERS, {"now": now, **rows})
    session.execute(_NOT_PROVEN, {"words": NOT_PROVEN.words})
    session.execute(_STAYS_CLOSED, {"words": CLOSED.words})
    session.execute(_OF_THIS_FILE)
    session.execute(_STANDS_ALREADY)
    session.execute(_LABELS, rows)
    session.execute(_NOT_BY_FILE, {"archived": ARCHIVED.words, "kept_by_rule": KEPT_BY_RULE.words})
    session.execute(_WORN_ALREADY)
    session.execute(_TOO_MANY, {"most": tags.MOST_TAGS, "words": TOO_MANY.words})
    session.execute(_CHANGED)


def record(session: Session, import_id: int, *, recorded_by: str, now: datetime) -> None:
    """Record the answers and put on the tags. All people are members by now."""
    consent.record_all(session, list(_told(session, recorded_by)), now=now)
    names: dict[str, list[int]] = dict(session.execute(_TO_PUT_ON).all())
    because = json.dumps({"import": import_id})
    tags.put_on_by_name(session, names, source=tags.IMPORT, actor=recorded_by, because=because, now=now)


def _told(session: Session, recorded_by: str) -> Iterator[Told]:
    for row in session.execute(_TOLD, {"source": SOURCE}):
        proof = Proof(row.source, row.given_at, address=row.address or "", recorded_by=recorded_by)
        yield Told(row.member_id, Answer(row.channel, row.topic, row.granted), proof)
