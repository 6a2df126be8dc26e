"""What can come in from a file: what its columns mean, which of them hold days, how it is looked at before, and the
file that rows become."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from domain.audience.imports import columns, preview, records
from domain.audience.imports.columns import Columns
from domain.audience.imports.guests import MemberFile
from domain.audience.imports.merging import Loading
from domain.audience.imports.preview import Sort
from domain.audience.imports.readings import Ground, Reader
from domain.outreach import purchase_previews, purchase_rows
from domain.outreach.purchase_files import PurchaseFile
from models.tenant import Tenant
from tasks.loading import File


@dataclass(frozen=True, slots=True)
class Reads:
    """How a file is read: what its columns mean, the order of day and month, whether rows are kept as they stood."""

    columns: Columns
    order: str | None
    keeps_cells: bool


@dataclass(frozen=True, slots=True)
class Kind:
    """Members or purchases."""

    assign: Callable[[Sequence[str], Mapping[str, str]], Columns]
    dates: Sequence[str]
    sort: Callable[[Tenant, datetime], Sort]
    file: Callable[[Reads, Tenant, Loading], File]


def _members(reads: Reads, cafe: Tenant, loading: Loading) -> File:
    ground = Ground(cafe.country, ZoneInfo(cafe.timezone), reads.order, loading.now)
    return MemberFile(Reader(reads.columns, ground, keeps_cells=reads.keeps_cells), loading)


def _purchases(reads: Reads, cafe: Tenant, loading: Loading) -> File:
    return PurchaseFile(reads.columns, _till(cafe, reads.order), loading, keeps_cells=reads.keeps_cells)


def _sort_of_members(cafe: Tenant, now: datetime) -> Sort:
    return preview.guests(Ground(cafe.country, ZoneInfo(cafe.timezone), None, now))


def _sort_of_purchases(cafe: Tenant, _: datetime) -> Sort:
    return purchase_previews.purchases(_till(cafe, None))


def _till(cafe: Tenant, order: str | None) -> purchase_rows.Ground:
    return purchase_rows.Ground(cafe.currency, cafe.country, ZoneInfo(cafe.timezone), order)


KINDS: Mapping[str, Kind] = {
    records.MEMBERS: Kind(columns.assign_members, columns.DATES, _sort_of_members, _members),
    records.PURCHASES: Kind(purchase_rows.assign, purchase_rows.DATES, _sort_of_purchases, _purchases),
}
