"""The tags that every café has: who has one, since which bill or act, and until when. One rule says it for all members
or for a handful, so that what is kept up after each purchase and what is worked out anew cannot differ.

A bill is a receipt or a voucher used at the till; a refund in full and a voided voucher undo it. "Within the last N
months" begins on the same day N months ago, or on the last one of a shorter month.
"""

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import CTE, text

from domain.audience import interest, members
from models.message import Channel, Topic

POS_REVENUE = "posRevenueWithinLast6Month"
REVENUE = "revenueWithinLast6Month"
SLEEPING = "sleeping"
INTEREST = "interestedInBonusSystem"
INFORM = "informAboutBonusSystem"
INCOMPLETE = "incompleteProfile"

EVIDENCE = ("purchase", "redemption")  # what a rule adds to its reason only where somebody will read it

# The first day on which N months ago lies after `day`.
_LAPSES_AFTER = """((({day} + 1) + make_interval(months => :months))::date
        + (extract(day FROM ({day} + 1) + make_interval(months => :months)) <> extract(day FROM {day} + 1))::int)"""
_HAPPENED = """(p.refunded_minor < p.amount_minor
                OR p.amount_minor = 0 AND NOT EXISTS (SELECT FROM refunds f WHERE f.purchase_id = p.id))"""
_ON_THAT_DAY = """{at} >= (wanted.because ->> 'on')::date::timestamp AT TIME ZONE :timezone
          AND {at} < ((wanted.because ->> 'on')::date + 1)::timestamp AT TIME ZONE :timezone"""
_REDEEMED = """(SELECT max((r.occurred_at AT TIME ZONE :timezone)::date) FROM redemptions r
                 WHERE r.member_id = gone.member_id AND r.voided_at IS NULL)"""
_MISSING = ", ".join(
    f"CASE WHEN m.{field} IS NULL THEN '{field}' END"
    if field == "birthday"
    else f"CASE WHEN coalesce(m.{field}, '') = '' THEN '{field}' END"
    for field in members.PROFILE
)


@dataclass(frozen=True, slots=True)
class Rule:
    """A built-in tag as SQL. `wanted` selects `member_id, lapses_on, because` with `{whose}` for whom it is asked;
    `evidence` adds to the reason of a row of `wanted`, `why` says as JSON why a row of `gone` lost the tag.

    `turning` selects the members among whom are all that a new day gives or takes the tag; none where days do not."""

    name: str
    wanted: str
    why: str
    evidence: str = "'{}'::jsonb"
    turning: str | None = None

    def of(self, member_ids: Sequence[int] | None) -> CTE:
        """Who has it, among these members or all."""
        whose = "true" if member_ids is None else "member_id = ANY(CAST(:member_ids AS bigint[]))"
        return text(self.wanted.format(whose=whose)).columns().cte("wanted")


def months_before(day: date, months: int) -> date:
    """The same day that many months earlier, or the last one of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _bill(condition: str = "true") -> str:
    return f"""
    SELECT jsonb_build_object('purchase', p.id) FROM purchases p
     WHERE p.member_id = wanted.member_id AND {condition} AND {_HAPPENED} AND {_ON_THAT_DAY.format(at="p.occurred_at")}
     ORDER BY p.occurred_at DESC, p.id DESC LIMIT 1"""  # noqa: S608 (our own fragments)


def _revenue(name: str, column: str, condition: str) -> Rule:
    return Rule(
        name,
        wanted=f"""
    SELECT member_id, {_LAPSES_AFTER.format(day=column)} AS lapses_on, jsonb_build_object('on', {column}) AS because
      FROM member_summaries WHERE {column} >= :since AND {{whose}}""",  # noqa: S608 (our own fragments)
        evidence=f"coalesce(({_bill(condition)}), '{{}}')",
        why="""jsonb_build_object('why', CASE WHEN (gone.because ->> 'on')::date < :since
                                              THEN 'time' ELSE 'refund' END)""",
        turning="SELECT member_id FROM member_tags WHERE tag_id = :tag_id AND lapses_on <= :today",
    )


RULES: tuple[Rule, ...] = (
    _revenue(POS_REVENUE, "pos_paid_on", "p.channel = 'pos' AND p.amount_minor > p.refunded_minor"),
    _revenue(REVENUE, "paid_on", "p.amount_minor > p.refunded_minor"),
    Rule(
        SLEEPING,
        wanted="""
    SELECT member_id, NULL::date AS lapses_on, jsonb_build_object('on', max(day)) AS because
      FROM (SELECT member_id, last_on AS day FROM member_summaries WHERE last_on IS NOT NULL AND {whose}
             UNION ALL
            SELECT member_id, (max(occurred_at) AT TIME ZONE :timezone)::date FROM redemptions
             WHERE voided_at IS NULL AND {whose} GROUP BY member_id) AS bills
     WHERE EXISTS (SELECT FROM members m WHERE m.id = bills.member_id AND m.erased_at IS NULL)
     GROUP BY member_id HAVING max(day) < :since""",
        evidence=f"""coalesce(({_bill()}), (
    SELECT jsonb_build_object('redemption', r.id) FROM redemptions r
     WHERE r.member_id = wanted.member_id AND r.voided_at IS NULL AND {_ON_THAT_DAY.format(at="r.occurred_at")}
     ORDER BY r.occurred_at DESC, r.id DESC LIMIT 1), '{{}}')""",  # noqa: S608 (our own fragments)
        why=f"""(
    SELECT CASE WHEN seen.day > (gone.because ->> 'on')::date THEN jsonb_build_object('why', 'visit', 'on', seen.day)
                WHEN seen.day = (gone.because ->> 'on')::date THEN '{{"why": "settings"}}'
                ELSE '{{"why": "refund"}}' END
      FROM (SELECT greatest((SELECT last_on FROM member_summaries s WHERE s.member_id = gone.member_id), {_REDEEMED})
                   AS day) AS seen)""",  # noqa: S608 (our own fragments)
        turning="""
    SELECT member_id
      FROM (SELECT member_id FROM member_summaries WHERE last_on < :since
             UNION SELECT member_id FROM redemptions WHERE voided_at IS NULL GROUP BY member_id
            HAVING max(occurred_at) < CAST(:since AS date)::timestamp AT TIME ZONE :timezone) AS away
     WHERE NOT EXISTS (SELECT FROM member_tags t WHERE t.tag_id = :tag_id AND t.member_id = away.member_id)""",
    ),
    Rule(
        INTEREST,
        wanted=f"""
    SELECT DISTINCT ON (member_id) member_id, NULL::date AS lapses_on,
           jsonb_build_object('act', type, 'event', id, 'on', (occurred_at AT TIME ZONE :timezone)::date) AS because
      FROM events e
     WHERE type IN ({", ".join(f"'{act}'" for act in interest.ACTS)}) AND {{whose}}
       AND EXISTS (SELECT FROM members m WHERE m.id = e.member_id AND m.erased_at IS NULL)
       AND NOT EXISTS (SELECT FROM events w WHERE w.member_id = e.member_id AND w.type = '{interest.WITHDRAWN}'
                                              AND (w.occurred_at, w.id) > (e.occurred_at, e.id))
     ORDER BY member_id, occurred_at, id""",  # noqa: S608 (our own fragments)
        why="""'{"why": "withdrawn"}'::jsonb""",
    ),
    Rule(
        INFORM,
        wanted=f"""
    SELECT member_id, NULL::date AS lapses_on,
           (t.because - 'on'::text) || jsonb_build_object('consent', c.consent_id,
                                                  'on', (c.since AT TIME ZONE :timezone)::date) AS because
      FROM consent_states c JOIN member_tags t USING (tenant_id, member_id) JOIN tags ON tags.id = t.tag_id
     WHERE c.channel = '{Channel.EMAIL}' AND c.topic = '{Topic.REMINDERS}' AND c.granted
       AND tags.rule = '{INTEREST}' AND {{whose}}""",  # noqa: S608 (our own fragments)
        why="""CASE WHEN EXISTS (SELECT FROM consent_states c WHERE c.member_id = gone.member_id AND c.granted
                                   AND c.channel = 'email' AND c.topic = 'reminders')
                    THEN '{"why": "withdrawn"}'::jsonb ELSE '{"why": "consent"}' END""",
    ),
    Rule(
        INCOMPLETE,
        wanted=f"""
    SELECT member_id, lapses_on, jsonb_build_object('missing', missing) AS because
      FROM (SELECT m.id AS member_id, NULL::date AS lapses_on, array_remove(ARRAY[{_MISSING}], NULL) AS missing
              FROM members m WHERE m.erased_at IS NULL) AS profiles
     WHERE cardinality(missing) > 0 AND {{whose}}""",  # noqa: S608 (our own fragments)
        why="""'{"why": "completed"}'::jsonb""",
    ),
)
NAMES = tuple(rule.name for rule in RULES)
