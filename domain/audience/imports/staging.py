"""Where the rows of a file are laid down before they are merged: tables of this connection only, gone with it.

`incoming` holds what rows say. Rows go in by COPY.
"""

from collections.abc import Iterable

from sqlalchemy import text
from sqlalchemy.orm import Session

from domain.audience.imports import remark_table
from domain.audience.imports.readings import Staged
from domain.audience.imports.remarks import Remark
from domain.sentences import say
from domain.statements import copy

_DROP = text("DROP TABLE IF EXISTS incoming, judged, people, answers, labels")
_CREATE = (
    """CREATE TEMPORARY TABLE incoming (
         row_number bigint PRIMARY KEY, line bigint NOT NULL, external_id text COLLATE "C", card text COLLATE "C",
         phone text COLLATE "C", phone_country text, phone_takes_texts boolean, email text, first_name text,
         last_name text, birthday date, joined_on date, locale text, timezone text, country text, attributes jsonb,
         tags jsonb, consents jsonb, consent_source text, consent_at timestamptz, content bigint NOT NULL,
         cells jsonb, email_key text COLLATE "C" GENERATED ALWAYS AS (lower(email)) STORED)""",
    """CREATE TEMPORARY TABLE judged (
         row_number bigint PRIMARY KEY, line bigint NOT NULL, content bigint NOT NULL, member_id bigint,
         anchor text COLLATE "C", is_forgotten boolean NOT NULL, card text COLLATE "C", phone text COLLATE "C",
         email_key text COLLATE "C", card_owner bigint, phone_owner bigint, email_owner bigint)""",
    """CREATE TEMPORARY TABLE people (
         anchor text COLLATE "C" PRIMARY KEY, row_number bigint NOT NULL, member_id bigint, is_new boolean NOT NULL,
         is_changed boolean NOT NULL DEFAULT false, external_id text COLLATE "C", card text, phone text,
         phone_country text, phone_takes_texts boolean, email text, first_name text, last_name text, birthday date,
         joined_on date, locale text, timezone text, country text, attributes jsonb)""",
    """CREATE TEMPORARY TABLE answers (
         anchor text COLLATE "C", row_number bigint, channel text, topic text, granted boolean, is_proven boolean,
         source text, given_at timestamptz, stands boolean, since timestamptz, is_of_this_file boolean)""",
    """CREATE TEMPORARY TABLE labels (
         anchor text COLLATE "C", row_number bigint, name text, tag_id bigint, is_kept_by_rule boolean,
         is_archived boolean, is_worn boolean)""",
)
_COPY = f"COPY incoming ({', '.join(Staged._fields).replace('row,', 'row_number,', 1)}) FROM STDIN"

# A row without a number of its own may be an earlier row's guest by phone or e-mail, but not with another card.
_REFUSE_CONTRADICTIONS = """
    WITH first AS (
      SELECT DISTINCT ON ({key}) {key} AS key, row_number, line, card, phone FROM incoming
       WHERE {key} IS NOT NULL ORDER BY {key}, row_number),
    gone AS (
      DELETE FROM incoming i USING first f
       WHERE {own} = f.key AND i.row_number > f.row_number AND i.external_id IS NULL AND ({contradicts})
      RETURNING i.row_number, i.line, i.cells, f.line AS other)
    INSERT INTO incoming_remarks (row_number, line, field, words, "values", is_refusal, cells)
    SELECT row_number, line, :field, :words, jsonb_build_object('line', other), true, cells FROM gone"""
_BY_PHONE = text(_REFUSE_CONTRADICTIONS.format(key="phone", own="i.phone", contradicts="i.card <> f.card"))
_BY_EMAIL = text(
    _REFUSE_CONTRADICTIONS.format(
        key="lower(email)", own="lower(i.email)", contradicts="i.card <> f.card OR i.phone <> f.phone"
    )
)
SAME_PHONE = say("Line %(line)s has this phone number too, with another card. Which of them is right?", line=0)
SAME_EMAIL = say("Line %(line)s has this e-mail address too, with another card or phone. Which is right?", line=0)
_REFRESH = text("SELECT refresh_audience()")
_ANALYZE = text("ANALYZE incoming, incoming_remarks")


def prepare(session: Session) -> None:
    """Make the tables, empty. The session must stay on this connection until the rows are merged."""
    remark_table.prepare(session)
    session.execute(_DROP)
    for statement in _CREATE:
        session.execute(text(statement))


def lay_down(session: Session, rows: Iterable[Staged], remarks: Iterable[Remark]) -> None:
    """Add rows and what is said about them."""
    copy(session, _COPY, rows)
    remark_table.lay_down(session, remarks)


def finish(session: Session) -> None:
    """All rows are there: refuse those that contradict an earlier one about who they mean."""
    for statement, field, sentence in ((_BY_PHONE, "phone", SAME_PHONE), (_BY_EMAIL, "email", SAME_EMAIL)):
        session.execute(statement, {"field": field, "words": sentence.words})
    session.execute(_ANALYZE)


def refresh(session: Session) -> None:
    """The café grew by thousands just now: let the database learn of it, or it plans as if nobody were there."""
    session.execute(_REFRESH)


def clear(session: Session) -> None:
    """Drop the tables: the connection goes back to others."""
    session.execute(_DROP)
    remark_table.clear(session)
