"""What can come in from a file: what its columns mean, which of them hold days, and the file that rows become."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from domain.audience.imports import columns, records
from domain.audience.imports.columns import Columns
from domain.audience.imports.guests import MemberFile
from domain.audience.imports.merging import Loading
from domain.audience.imports.readings import Ground, Reader
from domain.outreach import purchase_rows
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
    file: Callable[[Reads, Tenant, Loading], File]


def _members(reads: Reads, cafe: Tenant, loading: Loading) -> File:
    ground = Ground(cafe.country, ZoneInfo(cafe.timezone), reads.order, loading.now)
    return MemberFile(Reader(reads.columns, ground, keeps_cells=reads.keeps_cells), loading)


def _purchases(reads: Reads, cafe: Tenant, loading: Loading) -> File:
    ground = purchase_rows.Ground(cafe.currency, cafe.country, ZoneInfo(cafe.timezone), reads.order)
    return PurchaseFile(reads.columns, ground, loading, keeps_cells=reads.keeps_cells)


KINDS: Mapping[str, Kind] = {
    records.MEMBERS: Kind(columns.assign_members, columns.DATES, _members),
    records.PURCHASES: Kind(purchase_rows.assign, purchase_rows.DATES, _purchases),
}
