"""Whom the rows of a slice mean: a member who is there, or somebody new; and what two of them can't both have.

A row with a number means the member of that number. Without one it is matched by card, else phone, else e-mail: with
the members, then with earlier rows of the file. `anchor` is the same for all rows of one person.
"""

from typing import Any

from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from domain.sentences import Sentence, say

TAKEN = {
    "card": say("Another member has this card."),
    "phone": say("Another member has this phone number."),
    "email": say("Another member has this e-mail address."),
}
TAKEN_IN_FILE = {
    "card": say("Line %(line)s has this card already.", line=0),
    "phone": say("Line %(line)s has this phone number already.", line=0),
    "email": say("Line %(line)s has this e-mail address already.", line=0),
}
FORGOTTEN = say("This number belongs to a guest who asked to be forgotten. Give another one.")
PERHAPS = say("This may be the guest of line %(line)s, once that is saved. Import this row again afterwards.", line=0)
KEYS = {"card": "card", "phone": "phone", "email": "email_key"}

_EMPTY = text("TRUNCATE judged, people, answers, labels")

# Looked up one by one, whatever the statistics say: there are few rows and many members. An address by which a merged
# member is still found means them, but is not theirs to write down again.
_MEET = text("""
    INSERT INTO judged (row_number, line, content, member_id, is_forgotten, card, phone, email_key, card_owner,
                        phone_owner, email_owner, anchor)
    SELECT row_number, line, content, member_id, is_forgotten, card, phone, email_key, card_owner, phone_owner,
           email_owner, coalesce('member:' || member_id, 'number:' || external_id)
      FROM (
        SELECT i.row_number, i.line, i.content, i.external_id,
               CASE WHEN i.external_id IS NULL
                    THEN coalesce(by_card.id, card_of.member_id, by_phone.id, phone_of.member_id, by_email.id,
                                  email_of.member_id)
                    ELSE coalesce(by_number.id, number_of.member_id) END AS member_id,
               by_number.erased_at IS NOT NULL AND number_of.member_id IS NULL AS is_forgotten,
               CASE WHEN card_of.member_id IS NULL THEN i.card END AS card,
               CASE WHEN phone_of.member_id IS NULL THEN i.phone END AS phone,
               CASE WHEN email_of.member_id IS NULL THEN i.email_key END AS email_key,
               coalesce(by_card.id, card_of.member_id) AS card_owner,
               coalesce(by_phone.id, phone_of.member_id) AS phone_owner,
               coalesce(by_email.id, email_of.member_id) AS email_owner
          FROM incoming i
          LEFT JOIN LATERAL (SELECT id, erased_at FROM members WHERE external_id = i.external_id LIMIT 1)
               AS by_number ON true
          LEFT JOIN LATERAL (SELECT id FROM members WHERE card = i.card LIMIT 1) AS by_card ON true
          LEFT JOIN LATERAL (SELECT id FROM members WHERE phone = i.phone LIMIT 1) AS by_phone ON true
          LEFT JOIN LATERAL (SELECT id FROM members WHERE email_key = i.email_key LIMIT 1) AS by_email ON true
          LEFT JOIN LATERAL (
               SELECT member_id FROM member_aliases WHERE kind = 'external_id' AND value = i.external_id LIMIT 1)
               AS number_of ON true
          LEFT JOIN LATERAL (SELECT member_id FROM member_aliases WHERE kind = 'card' AND value = i.card LIMIT 1)
               AS card_of ON true
          LEFT JOIN LATERAL (SELECT member_id FROM member_aliases WHERE kind = 'phone' AND value = i.phone LIMIT 1)
               AS phone_of ON true
          LEFT JOIN LATERAL (SELECT member_id FROM member_aliases WHERE kind = 'email' AND value = i.email_key LIMIT 1)
               AS email_of ON true
         WHERE i.row_number > :after AND i.row_number <= :until) AS met""")
_LINK = text("""
    WITH first AS (
      SELECT row_number, line, anchor, member_id,
             CASE WHEN card IS NOT NULL THEN min(row_number) OVER (PARTITION BY card) END AS by_card,
             CASE WHEN phone IS NOT NULL THEN min(row_number) OVER (PARTITION BY phone) END AS by_phone,
             CASE WHEN email_key IS NOT NULL THEN min(row_number) OVER (PARTITION BY email_key) END AS by_email
        FROM judged),
    linked AS (
      SELECT row_number, line, anchor, member_id,
             coalesce(nullif(by_card, row_number), nullif(by_phone, row_number), nullif(by_email, row_number),
                      row_number) AS link FROM first)
    UPDATE judged j
       SET member_id = f.member_id,
           anchor = CASE WHEN f.anchor IS NOT NULL THEN f.anchor
                         WHEN f.link = f.row_number THEN 'row:' || f.row_number
                         ELSE 'perhaps:' || f.line END
      FROM linked l JOIN linked f ON f.row_number = l.link
     WHERE l.row_number = j.row_number AND l.anchor IS NULL""")


def _refusing(gone: str, values: str = "'{}'") -> TextClause:
    """Rows that leave `judged`, with what is said about them; `gone` gives their numbers, `values` what fills gaps."""
    return text(f"""
    WITH {gone}
    INSERT INTO incoming_remarks (row_number, line, field, words, "values", is_refusal, cells)
    SELECT i.row_number, i.line, :field, :words, {values}, true, i.cells
      FROM gone JOIN incoming i USING (row_number)""")  # noqa: S608 (our own fragments)


def _let_owners_keep(field: str) -> TextClause:
    return _refusing(f"""gone AS (
      DELETE FROM judged WHERE {field}_owner IS NOT NULL AND {field}_owner IS DISTINCT FROM member_id
      RETURNING row_number)""")  # noqa: S608 (our own fragments)


def _let_the_first_have(key: str) -> TextClause:
    gone = f"""claims AS (
      SELECT row_number, anchor, first_value(anchor) OVER claim AS holder, first_value(line) OVER claim AS held_by
        FROM judged WHERE {key} IS NOT NULL WINDOW claim AS (PARTITION BY {key} ORDER BY row_number)),
    gone AS (
      DELETE FROM judged j USING claims c WHERE c.row_number = j.row_number AND c.holder <> c.anchor
      RETURNING j.row_number, c.held_by)"""  # noqa: S608 (our own fragments)
    return _refusing(gone, "jsonb_build_object('line', held_by)")


_FORGET = _refusing("gone AS (DELETE FROM judged WHERE is_forgotten RETURNING row_number)")
_WAIT = _refusing(
    """gone AS (
      DELETE FROM judged WHERE anchor LIKE 'perhaps:%'
      RETURNING row_number, split_part(anchor, ':', 2)::bigint AS at)""",
    "jsonb_build_object('line', at)",
)
_LET_OWNERS_KEEP = {field: _let_owners_keep(field) for field in KEYS}
_LET_THE_FIRST_HAVE = {field: _let_the_first_have(key) for field, key in KEYS.items()}


def match(session: Session, *, after: int, until: int) -> None:
    """Judge the rows whose numbers are above `after` and up to `until`: those left in `judged` know whom they mean,
    and no two people of theirs, and no other member, have one card, phone or e-mail address."""
    session.execute(_EMPTY)
    session.execute(_MEET, {"after": after, "until": until})
    session.execute(_FORGET, _words("external_id", FORGOTTEN))
    session.execute(_LINK)
    session.execute(_WAIT, _words("", PERHAPS))
    for field, statement in _LET_OWNERS_KEEP.items():
        session.execute(statement, _words(field, TAKEN[field]))
    for field, statement in _LET_THE_FIRST_HAVE.items():
        session.execute(statement, _words(field, TAKEN_IN_FILE[field]))


def _words(field: str, sentence: Sentence) -> dict[str, Any]:
    return {"field": field, "words": sentence.words}
