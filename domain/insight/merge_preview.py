"""What joining two records would make of them, before anything is done."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.audience import consent, merging
from domain.audience.merging import FIELDS
from domain.loyalty import wallets
from domain.loyalty.wallets import Waiting
from models.member import Member
from models.summary import MemberSummary

Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the profile on both sides, and whose value is taken unless somebody chooses otherwise."""

    name: str
    kept: Any
    gone: Any
    choice: str

    @property
    def is_a_question(self) -> bool:
        """Both have a value, and not the same."""
        return bool(self.kept and self.gone and self.kept != self.gone)


@dataclass(frozen=True, slots=True)
class Sum:
    """Points of one kind on both sides."""

    name: str
    kept: int
    gone: int


@dataclass(frozen=True, slots=True)
class Visits:
    """How often somebody came, and when last."""

    purchases: int
    last_on: date | None


@dataclass(frozen=True, slots=True)
class MergePreview:
    """Both records side by side. `closes` are channels and topics that stay closed because one of them had said no;
    `opens` those that may be used afterwards. `doubled` are rewards that both have open: one of each stays."""

    kept: Member
    gone: Member
    fields: list[Field]
    sums: list[Sum]
    visits: tuple[Visits, Visits]
    opens: Pairs
    closes: Pairs
    doubled: list[str]


def preview(session: Session, kept: Member, gone: Member) -> MergePreview:
    """What `merging.merge` would make of these two."""
    choices = merging.suggested(kept, gone)
    fields = [Field(name, getattr(kept, name), getattr(gone, name), choices[name]) for name in FIELDS]
    mine, theirs = (_answers(session, each.id) for each in (kept, gone))
    noes = {pair for answers in (mine, theirs) for pair, granted in answers.items() if not granted}
    yeses = {pair for answers in (mine, theirs) for pair, granted in answers.items() if granted}
    return MergePreview(
        kept=kept,
        gone=gone,
        fields=fields,
        sums=_sums(session, kept.id, gone.id),
        visits=_visits(session, kept.id, gone.id),
        opens=sorted(yeses - noes),
        closes=sorted(yeses & noes),
        doubled=_doubled(*(wallets.open_rewards(session, each.id) for each in (kept, gone))),
    )


def _answers(session: Session, member_id: int) -> dict[tuple[str, str], bool]:
    standing = consent.of_member(session, member_id)
    return {(channel, topic): granted for channel, topics in standing.items() for topic, granted in topics.items()}


def _sums(session: Session, kept_id: int, gone_id: int) -> list[Sum]:
    held = wallets.balances_of_many(session, [kept_id, gone_id])
    mine, theirs = ({each.name: each.available for each in held.get(who, [])} for who in (kept_id, gone_id))
    return [Sum(name, mine.get(name, 0), theirs.get(name, 0)) for name in dict.fromkeys([*mine, *theirs])]


def _visits(session: Session, kept_id: int, gone_id: int) -> tuple[Visits, Visits]:
    rows = session.execute(
        select(MemberSummary.member_id, MemberSummary.purchases, MemberSummary.last_on).where(
            MemberSummary.member_id.in_([kept_id, gone_id])
        )
    )
    found = {row.member_id: Visits(row.purchases, row.last_on) for row in rows}
    nothing = Visits(0, None)
    return found.get(kept_id, nothing), found.get(gone_id, nothing)


def _doubled(mine: list[Waiting], theirs: list[Waiting]) -> list[str]:
    return sorted({each.name for each in mine} & {each.name for each in theirs})
