"""Members who look like one person: the same address or card in another spelling, the same name and birthday.

Found by comparing keys in one pass, so a hundred thousand members are looked through while somebody waits. Names are
compared by their sound in German and English: Müller, Mueller and Muller are one, and so are Stefan and Stephan.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from models.merge import DistinctPair

EMAIL, CARD, NAME_AND_BIRTHDAY, SOUND_AND_BIRTHDAY, NAME = (
    "email",
    "card",
    "name_and_birthday",
    "sound_and_birthday",
    "name",
)
MOST_ALIKE = 20  # a birthday that half of all guests have is a till's own invention
MOST_OF_A_NAME = 3  # four guests of one name are four guests


@dataclass(frozen=True, slots=True)
class Pair:
    """Two members who look like one, the older first, and by what: the strongest sign counts."""

    first_id: int
    second_id: int
    sign: str
    strength: int


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the pairs, the surest first, and how many there are."""

    pairs: Sequence[Pair]
    total: int


def _sounds(name: str) -> str:
    """SQL for how a name sounds: without accents, case, blanks and the usual differences of spelling."""
    sound = f"regexp_replace(normalize(lower({name}), NFD), '[^a-zß]', '', 'g')"
    sound = f"regexp_replace({sound}, '[ae][iy]', 'ei', 'g')"  # Maier, Mayer, Meier, Meyer
    for written, heard in (
        *(("ß", "ss"), ("ph", "f"), ("th", "t"), ("ck", "k"), ("dt", "t"), ("ae", "a"), ("oe", "o"), ("ue", "u")),
        *(("c", "k"), ("z", "s"), ("v", "f"), ("w", "f"), ("y", "i")),
        *(("ll", "l"), ("mm", "m"), ("nn", "n"), ("pp", "p"), ("rr", "r"), ("ss", "s"), ("tt", "t"), ("ff", "f")),
        *(("kk", "k"), ("ee", "e"), ("aa", "a"), ("oo", "o"), ("h", "")),
    ):
        sound = f"replace({sound}, '{written}', '{heard}')"
    return sound


# Dots and what follows a plus do not make another mailbox.
_MAILBOX = """
    CASE WHEN split_part(email_key, '@', 2) IN ('gmail.com', 'googlemail.com')
         THEN replace(split_part(split_part(email_key, '@', 1), '+', 1), '.', '') || '@gmail.com'
         ELSE split_part(split_part(email_key, '@', 1), '+', 1) || '@' || split_part(email_key, '@', 2) END"""
_PAIRS = f"""
    WITH living AS MATERIALIZED (
      SELECT id, email_key, phone, card, birthday, first_name_key, last_name_key FROM members WHERE erased_at IS NULL),
    mailbox AS (
      SELECT array_agg(id ORDER BY id) AS ids FROM living WHERE email_key IS NOT NULL
       GROUP BY {_MAILBOX} HAVING count(*) BETWEEN 2 AND {MOST_ALIKE}),
    card AS (
      SELECT array_agg(id ORDER BY id) AS ids
        FROM (SELECT id, ltrim(translate(upper(card), ' -./_', ''), '0') AS plain FROM living
               WHERE card IS NOT NULL) AS c
       WHERE plain <> '' GROUP BY plain HAVING count(*) BETWEEN 2 AND {MOST_ALIKE}),
    heard AS MATERIALIZED (
      SELECT id, birthday, least(first_sound, last_sound) AS one, greatest(first_sound, last_sound) AS other, name
        FROM (SELECT id, birthday, first_name_key || ' ' || last_name_key AS name,
                     {_sounds("first_name_key")} AS first_sound, {_sounds("last_name_key")} AS last_sound
                FROM living WHERE birthday IS NOT NULL AND first_name_key <> '' AND last_name_key <> '') AS s),
    -- Grouped, never joined: whatever the statistics say, it stays one pass.
    born AS (
      SELECT array_agg(id ORDER BY id) AS ids, array_agg(name ORDER BY id) AS names FROM (
        SELECT id, name, birthday, 0 AS way, one, other FROM heard
         UNION ALL SELECT id, name, birthday, 1, one, left(other, 3) FROM heard
         UNION ALL SELECT id, name, birthday, 2, left(one, 3), other FROM heard) AS ways
       GROUP BY birthday, way, one, other HAVING count(*) BETWEEN 2 AND {MOST_ALIKE}),
    -- One came with an address and the other without: what a card at the till and a form on the web make of one guest.
    named AS (
      SELECT array_agg(id ORDER BY id) AS ids FROM living
       WHERE first_name_key <> '' AND last_name_key <> ''
       GROUP BY first_name_key, last_name_key
      HAVING count(*) BETWEEN 2 AND {MOST_OF_A_NAME} AND count(birthday) < 2
         AND count(email_key) < 2 AND count(phone) < 2),
    found AS (
      SELECT ids[i] AS first_id, ids[j] AS second_id, sign
        FROM (SELECT ids, '{EMAIL}' AS sign FROM mailbox UNION ALL SELECT ids, '{CARD}' FROM card
               UNION ALL SELECT ids, '{NAME}' FROM named) AS groups
       CROSS JOIN LATERAL generate_subscripts(ids, 1) AS i CROSS JOIN LATERAL generate_subscripts(ids, 1) AS j
       WHERE i < j
       UNION ALL
      SELECT ids[i], ids[j], CASE WHEN names[i] = names[j] THEN '{NAME_AND_BIRTHDAY}' ELSE '{SOUND_AND_BIRTHDAY}' END
        FROM born
       CROSS JOIN LATERAL generate_subscripts(ids, 1) AS i CROSS JOIN LATERAL generate_subscripts(ids, 1) AS j
       WHERE i < j),
    strongest AS (
      SELECT first_id, second_id,
             min(array_position(ARRAY['{EMAIL}', '{CARD}', '{NAME_AND_BIRTHDAY}', '{SOUND_AND_BIRTHDAY}', '{NAME}'],
                                sign)) AS strength
        FROM found f
       WHERE NOT EXISTS (SELECT FROM distinct_pairs d WHERE d.first_id = f.first_id AND d.second_id = f.second_id)
       GROUP BY first_id, second_id)"""  # noqa: S608 (our own fragments)
_PAGE = text(f"""{_PAIRS}
    SELECT first_id, second_id,
           (ARRAY['{EMAIL}', '{CARD}', '{NAME_AND_BIRTHDAY}', '{SOUND_AND_BIRTHDAY}', '{NAME}'])[strength] AS sign,
           strength, (SELECT count(*) FROM strongest) AS total
      FROM strongest
     WHERE (strength, first_id, second_id) > (:strength, :first_id, :second_id)
     ORDER BY strength, first_id, second_id LIMIT :limit""")  # noqa: S608 (our own fragments)
START = (0, 0, 0)


def page(session: Session, *, after: tuple[int, int, int] = START, limit: int) -> Page:
    """A page of pairs after the (strength, first id, second id) of the last one seen."""
    strength, first_id, second_id = after
    asked = {"strength": strength, "first_id": first_id, "second_id": second_id, "limit": limit}
    rows = session.execute(_PAGE, asked).all()
    return Page([Pair(*row[:4]) for row in rows], rows[0].total if rows else 0)


def tell_apart(session: Session, one_id: int, other_id: int, *, now: datetime) -> None:
    """These two are two people: they are not shown as a pair again."""
    first_id, second_id = sorted((one_id, other_id))
    session.execute(
        insert(DistinctPair).values(first_id=first_id, second_id=second_id, at=now).on_conflict_do_nothing()
    )
