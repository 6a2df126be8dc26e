"""A café's tags: those of every café and its own. Those of a rule follow it; all others are put on and taken off by
people, automations, imports and programs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from domain.audience import freshness, own_rules, tag_rules
from domain.errors import Conflict, FieldError, NotFound, Unacceptable
from domain.loyalty import summaries
from domain.sentences import say
from domain.trees import Tree
from models.segment import Segment
from models.tag import Tag
from models.tenant import Tenant

HAND, AUTOMATION, IMPORT, API = "hand", "automation", "import", "api"
LONGEST_NAME, LONGEST_WORDS, MOST_TAGS = 60, 200, 500
MOST_AT_ONCE = 50_000
SEPARATORS = set(",;|")
TAKEN = say("There is a tag of this name.")

_PUT_ON = text("""
    WITH put AS (
      INSERT INTO member_tags (tag_id, member_id, applied_at, source, because)
      SELECT :tag_id, id, :now, :source, CAST(:because AS jsonb) FROM members
       WHERE id = ANY(CAST(:member_ids AS bigint[])) AND erased_at IS NULL
          ON CONFLICT DO NOTHING RETURNING member_id, because),
    told AS (
      INSERT INTO events (type, member_id, occurred_at, recorded_at, properties)
      SELECT 'tag.applied', member_id, :now, :now,
             jsonb_build_object('tag', CAST(:name AS text), 'actor', CAST(:actor AS text), 'because', because,
                                'source', CAST(:source AS text)) FROM put)
    SELECT member_id FROM put""")
_TAKE_OFF = text("""
    WITH taken AS (
      DELETE FROM member_tags WHERE tag_id = :tag_id AND member_id = ANY(CAST(:member_ids AS bigint[]))
      RETURNING member_id),
    told AS (
      INSERT INTO events (type, member_id, occurred_at, recorded_at, properties)
      SELECT 'tag.lapsed', member_id, :now, :now,
             jsonb_build_object('tag', CAST(:name AS text), 'actor', CAST(:actor AS text), 'because',
                                jsonb_build_object('why', CAST(:source AS text))) FROM taken)
    SELECT member_id FROM taken""")


@dataclass(frozen=True, slots=True)
class Use:
    """Something that asks about a tag: a `segment` or a `tag`, by id and name."""

    kind: str
    id: int
    name: str


def get(session: Session, tag_id: int) -> Tag:
    """The tag of this number, archived or not."""
    tag = session.scalar(select(Tag).where(Tag.id == tag_id))
    if tag is None:
        raise NotFound(say("There is no such tag."))
    return tag


def of_cafe(session: Session) -> list[Tag]:
    """The tags in use: those of every café first, in the order of their rules, then its own by name."""
    standing = session.scalars(select(Tag).where(Tag.archived_at.is_(None)).order_by(Tag.name_key))
    places = {name: place for place, name in enumerate(tag_rules.NAMES)}
    return sorted(standing, key=lambda tag: places.get(tag.rule or "", len(places)))


def by_hand(session: Session) -> list[Tag]:
    """The tags that people put on members, by name."""
    free = (Tag.archived_at.is_(None), Tag.rule.is_(None), Tag.definition.is_(None))
    return list(session.scalars(select(Tag).where(*free).order_by(Tag.name_key)))


def archived(session: Session) -> list[Tag]:
    """The tags that were put away, by name."""
    return list(session.scalars(select(Tag).where(Tag.archived_at.is_not(None)).order_by(Tag.name_key)))


def create(
    session: Session, tenant: Tenant, *, name: str, words: str = "", definition: Tree | None = None, now: datetime
) -> Tag:
    """A tag of the café's own: put on by hand, or following a rule (`definition`), by which members have it at once.

    Raises `Unacceptable` beside `name`, `words` or a path below `definition`; `Conflict` when the name is taken.
    """
    name, words = name.strip(), words.strip()
    errors = [*_name_errors(name), *_words_errors(words)]
    if errors:
        raise Unacceptable(say("This tag cannot be made."), errors)
    if (session.scalar(select(func.count()).select_from(Tag)) or 0) >= MOST_TAGS:
        raise Unacceptable.at("name", say("A café has at most %(most)s tags. Archived ones count too.", most=MOST_TAGS))
    if definition is not None:
        own_rules.check(session, definition, name=name)
    tag = _added(session, Tag(name=name, words=words, definition=definition, created_at=now))
    if definition is not None:
        freshness.follow_tag(session, tenant, tag, now=now)
    return tag


def change(
    session: Session, tenant: Tenant, tag: Tag, *, words: str, definition: Tree | None = None, now: datetime
) -> None:
    """Say it in other words, or let it follow another rule. Its name stays: segments know it by that."""
    refuse_built_in(tag)
    if errors := _words_errors(words.strip()):
        raise Unacceptable(say("This tag cannot be changed."), errors)
    tag.words = words.strip()
    if tag.definition is not None and definition is not None and definition != tag.definition:
        own_rules.check(session, definition, name=tag.name)
        tag.definition = dict(definition)
        session.flush()
        freshness.follow_tag(session, tenant, tag, now=now)
    session.flush()


def uses(session: Session, tag: Tag) -> list[Use]:
    """The segments and tags that ask about this tag."""
    asking: list[Segment | Tag] = [
        *session.scalars(select(Segment).where(Segment.archived_at.is_(None), Segment.definition.is_not(None))),
        *session.scalars(select(Tag).where(Tag.archived_at.is_(None), Tag.definition.is_not(None), Tag.id != tag.id)),
    ]
    using = (each for each in asking if tag.name_key in own_rules.names_in(each.definition))
    return [Use("segment" if isinstance(each, Segment) else "tag", each.id, each.name) for each in using]


def archive(session: Session, tag: Tag, *, now: datetime) -> None:
    """Put a tag away: nobody sees it, nothing asks for it. Members keep it for the day it is brought back.

    Raises `Conflict` while a segment or another tag asks about it.
    """
    refuse_built_in(tag)
    if using := uses(session, tag):
        names = ", ".join(f"“{use.name}”" for use in using)
        raise Conflict(say("This tag is asked for by %(names)s. Change that first.", names=names))
    tag.archived_at = tag.archived_at or now
    session.flush()


def restore(session: Session, tenant: Tenant, tag: Tag, *, now: datetime) -> None:
    """Bring a tag back; one with a rule looks at everybody anew."""
    tag.archived_at = None
    session.flush()
    if tag.definition is not None:
        own_rules.check(session, tag.definition, name=tag.name)
        freshness.follow_tag(session, tenant, tag, now=now)


def put_on(
    session: Session,
    tag: Tag,
    member_ids: Sequence[int],
    *,
    source: str = HAND,
    actor: str,
    because: str = "{}",
    now: datetime,
) -> int:
    """Give members a tag, and return how many did not have it. Raises `Conflict` for a tag that follows its rule."""
    refuse_following(tag)
    values = {"source": source, "because": because, **_about(tag, member_ids, actor, now)}
    put = list(session.scalars(_PUT_ON, values))
    summaries.touch(session, put, now=now)
    return len(put)


def put_on_found(session: Session, tag: Tag, found: Select[int], *, actor: str, now: datetime) -> int:
    """Give a tag to everybody whom a query of ids finds; how many did not have it. Raises `Conflict` as `put_on` does,
    `Unacceptable` when that are more than can be undone by hand."""
    refuse_following(tag)
    member_ids = list(session.scalars(found.limit(MOST_AT_ONCE + 1)))
    if len(member_ids) > MOST_AT_ONCE:
        words = say("At most %(most)s guests at once. Let the tag follow a rule instead.", most=f"{MOST_AT_ONCE:,}")
        raise Unacceptable.at("who", words)
    return put_on(session, tag, member_ids, actor=actor, now=now)


def take_off(
    session: Session, tag: Tag, member_ids: Sequence[int], *, source: str = HAND, actor: str, now: datetime
) -> int:
    """Take a tag from members, and return how many had it. Raises `Conflict` for a tag that follows its rule."""
    refuse_following(tag)
    taken = list(session.scalars(_TAKE_OFF, {"source": source, **_about(tag, member_ids, actor, now)}))
    summaries.touch(session, taken, now=now)
    return len(taken)


def put_on_by_name(
    session: Session,
    names: Mapping[str, Sequence[int]],
    *,
    source: str,
    actor: str,
    because: str = "{}",
    now: datetime,
) -> list[str]:
    """Give members (ids by name of tag) their tags; a name nobody knows becomes a tag.

    Returns the names that cannot be put on: no name for a tag, one that follows its rule, one that was archived.
    """
    known = {tag.name_key: tag for tag in session.scalars(select(Tag).where(Tag.name_key.in_(_keys(names))))}
    refused = []
    for name, member_ids in names.items():
        tag = known.get(name.strip().lower())
        if tag is None and not _name_errors(name.strip()):
            tag = _added(session, Tag(name=name.strip(), words="", created_at=now))
            known[tag.name_key] = tag
        if tag is None or tag.rule or tag.definition or tag.archived_at:
            refused.append(name)
        else:
            put_on(session, tag, member_ids, source=source, actor=actor, because=because, now=now)
    return refused


def refuse_following(tag: Tag) -> None:
    """Raise `Conflict` for a tag that nobody can put on or take off."""
    if tag.rule or tag.definition:
        raise Conflict(say("“%(name)s” follows its rule. It comes and goes by itself.", name=tag.name))
    if tag.archived_at:
        raise Conflict(say("“%(name)s” was archived. Bring it back first.", name=tag.name))


def refuse_built_in(tag: Tag) -> None:
    """Raise `Conflict` for a tag that every café has."""
    if tag.rule:
        raise Conflict(say("Every café has this tag. It can be switched off with all tagging, but not changed."))


def _about(tag: Tag, member_ids: Sequence[int], actor: str, now: datetime) -> dict[str, Any]:
    return {"tag_id": tag.id, "name": tag.name, "member_ids": list(member_ids), "actor": actor, "now": now}


def _added(session: Session, tag: Tag) -> Tag:
    try:
        with session.begin_nested():
            session.add(tag)
            session.flush()
    except IntegrityError as error:
        if getattr(getattr(error.orig, "diag", None), "constraint_name", None) != "uq_tags_tenant_id_name_key":
            raise
        raise Conflict(TAKEN, [FieldError("name", TAKEN)]) from error
    return tag


def _keys(names: Iterable[str]) -> set[str]:
    return {name.strip().lower() for name in names}


def _name_errors(name: str) -> list[FieldError]:
    if not name:
        return [FieldError("name", say("Give the tag a name."))]
    if len(name) > LONGEST_NAME or not name.isprintable() or SEPARATORS & set(name):
        return [
            FieldError(
                "name",
                say("A name has at most %(most)s characters, without comma, semicolon or bar.", most=LONGEST_NAME),
            )
        ]
    return []


def _words_errors(words: str) -> list[FieldError]:
    if len(words) > LONGEST_WORDS or not (words.isprintable() or not words):
        return [FieldError("words", say("Use one line of at most %(most)s characters.", most=LONGEST_WORDS))]
    return []
