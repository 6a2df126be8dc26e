"""Who of an audience a mailing would reach: all that match, those who agreed, those whom each channel gets to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Integer, Select, Text, bindparam, column, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from domain.delivery.policy import CONSENT, ERASED, MARKET, PAUSED, PERSON, SUPPRESSION, UNREACHABLE, UNWANTED
from models.member import Member
from models.message import Channel, Topic

SAMPLE = 3
CHANNELS = (Channel.EMAIL, Channel.SMS)


@dataclass(frozen=True, slots=True)
class Person:
    """A member as a name on a page."""

    external_id: str
    first_name: str | None
    last_name: str | None


@dataclass(frozen=True, slots=True)
class Step:
    """How many are left here, three of them, and of the others how many for which reason (`models.message.Reason`).

    Among the reasons of one channel every member counts once, with the reason that planning would write down.
    """

    count: int
    sample: Sequence[Person]
    held_back: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Waterfall:
    """An audience and what is left of it: `agreed` on any of the channels, then what each of `channels` reaches."""

    match: Step
    agreed: Step
    channels: Mapping[str, Step]


# One row per step: `channel` none for all that match, "" for those who agreed on any channel.
_FALL = f"""(
    WITH wanted AS (SELECT unnest(CAST(:channels AS text[])) AS channel),
    speaking AS MATERIALIZED (SELECT DISTINCT channel FROM gateways),
    judged AS MATERIALIZED (
      SELECT x.member_id, x.channel,
             CASE {ERASED} {UNWANTED} {PAUSED} END IS NULL AS agreed,
             CASE {ERASED} {UNREACHABLE} {UNWANTED} {PAUSED} {MARKET}
                  WHEN g.channel IS NULL THEN 'gateway_missing' END AS reason
        FROM (SELECT m.member_id, wanted.channel, CAST(:topic AS text) AS topic FROM matched m CROSS JOIN wanted) x
        JOIN tenants t ON t.id = :tenant_id {PERSON} {CONSENT} {SUPPRESSION}
        LEFT JOIN speaking g ON g.channel = x.channel),
    agreed AS MATERIALIZED (SELECT DISTINCT member_id FROM judged WHERE agreed)
    SELECT CAST(NULL AS text) AS channel, (SELECT count(*) FROM matched) AS count, '{{}}'::jsonb AS held_back,
           ARRAY(SELECT member_id FROM matched ORDER BY member_id LIMIT :sample) AS sample
    UNION ALL
    SELECT '', (SELECT count(*) FROM agreed), '{{}}'::jsonb,
           ARRAY(SELECT member_id FROM agreed ORDER BY member_id LIMIT :sample)
    UNION ALL
    SELECT w.channel, coalesce(r.count, 0), coalesce(r.held_back, '{{}}'),
           ARRAY(SELECT member_id FROM judged j WHERE j.channel = w.channel AND j.reason IS NULL
                  ORDER BY member_id LIMIT :sample)
      FROM wanted w
      LEFT JOIN (SELECT channel, sum(number) FILTER (WHERE reason IS NULL) AS count,
                        jsonb_object_agg(reason, number) FILTER (WHERE reason IS NOT NULL) AS held_back
                   FROM (SELECT channel, reason, count(*) AS number FROM judged GROUP BY channel, reason) each
                  GROUP BY channel) r ON r.channel = w.channel
) AS fall"""  # noqa: S608 (our own fragments)


def waterfall(
    session: Session,
    members: Select[tuple[int]],
    *,
    tenant_id: int,
    now: datetime,
    topic: str = Topic.PROMOTIONAL,
    channels: Sequence[str] = CHANNELS,
) -> Waterfall:
    """What a mailing about `topic` finds among `members`, a query of member ids.

    Judged by the questions that planning asks, so that a preview promises what the mailing keeps. Two statements.
    """
    matched = select(members.subquery().columns[0].label("member_id")).cte("matched")
    matched = matched.prefix_with("MATERIALIZED", dialect="postgresql")
    fall = text(_FALL).bindparams(
        bindparam("channels", list(channels), ARRAY(Text)), topic=topic, tenant_id=tenant_id, now=now, sample=SAMPLE
    )
    asked: Any = select(column("channel"), column("count", Integer), column("held_back"), column("sample"))
    rows = session.execute(asked.select_from(fall).add_cte(matched)).all()
    people = _people(session, {each for row in rows for each in row.sample})
    steps = {row.channel: Step(row[1], [people[each] for each in row.sample], row.held_back) for row in rows}
    return Waterfall(steps[None], steps[""], {channel: steps[channel] for channel in channels})


def _people(session: Session, ids: set[int]) -> dict[int, Person]:
    known = select(Member.id, Member.external_id, Member.first_name, Member.last_name).where(Member.id.in_(ids))
    return {row.id: Person(row.external_id, row.first_name, row.last_name) for row in session.execute(known)}
