"""What both imports of the console share: the file is judged, then merged slice by slice, and told about."""

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import BinaryIO

import click
from sqlalchemy.orm import Session

from domain import clock, tables
from domain.accounts import audit
from domain.audience.imports import records, remark_table, remarks
from domain.audience.imports.columns import Columns
from domain.audience.imports.merging import Loading
from domain.audience.imports.records import Hold, Lost
from domain.errors import Conflict, Unacceptable
from domain.tables import Table, UnknownEncoding, dates
from models.tenant import Tenant
from tasks.import_kinds import KINDS, Reads
from tasks.loading import Load
from tasks.owner import new_owner
from web.cli.console import Answer, acting_for, pairs

COUNTED = ("rows", "created", "updated", "unchanged")


@dataclass(frozen=True, slots=True)
class Source:
    """A file on disk, and its encoding if it was named."""

    path: Path
    encoding: str | None

    def table(self) -> Table:
        """The table in it, from the start. Raises `Unacceptable`."""
        try:
            return tables.opened(self._opened(), encoding=self.encoding)
        except UnknownEncoding as refusal:
            raise Unacceptable(f"{refusal.detail} Name it with --encoding.") from None

    def _opened(self) -> BinaryIO:
        try:
            return self.path.open("rb")
        except OSError as error:
            raise Unacceptable(f"{self.path} can't be read: {error.strerror}.") from None


def options(command: Callable[..., Answer]) -> Callable[..., Answer]:
    """What one says to an import."""
    for option in (
        click.option("--dates", "order", type=click.Choice(dates.ORDERS), help="Day and month in 04.03.2026."),
        click.option("--encoding", help="Of a text, unless it is UTF-8 or bears its mark."),
        click.option("--map", "mapping", multiple=True, metavar="HEADER=COLUMN", help="What a header of yours means."),
        click.option("--dry-run", is_flag=True, help="Say what would happen and save nothing."),
        click.option("--tenant", required=True, help="The café's slug."),
        click.argument("file", type=click.Path(path_type=Path)),
    ):
        command = option(command)
    return command


def run(
    name: str,
    *,
    file: Path,
    tenant: str,
    dry_run: bool,
    mapping: tuple[str, ...],
    encoding: str | None,
    order: str | None,
) -> Answer:
    """Import a file: bad rows are told and the others saved. Raises `Unacceptable` for a bad file; nothing is saved."""
    source, kind = Source(file, encoding), KINDS[name]
    with acting_for(tenant) as (session, tenant_id):
        cafe = session.get_one(Tenant, tenant_id)
        session.commit()
        columns = kind.assign(source.table().headers, pairs(mapping))
        order = order or _order(source, columns.positions(kind.dates))
        begun = Loading(0, audit.SYSTEM, clock.now(), cafe.timezone)
        opened = partial(kind.file, Reads(columns, order, keeps_cells=False), cafe)
        if dry_run:
            with closing(Load(session.get_bind(), opened(begun), source.table().lines)) as load:
                return _answer(load.session, load.rehearse(), columns)
        held = _begun(session, name, source, begun)
        file = opened(replace(begun, import_id=held.import_id))
        with closing(Load(session.get_bind(), file, source.table().lines)) as load:
            return _answer(load.session, _loaded(load, name, held), columns)


def _order(source: Source, positions: Sequence[int]) -> str | None:
    """The order of day and month, where the whole file tells it."""
    if not positions:
        return None
    cells = (line.cells[at] for line in source.table().lines if not line.problem for at in positions)
    return dates.told(dates.order_of(cells))


def _begun(session: Session, name: str, source: Source, begun: Loading) -> Hold:
    owner = f"console.{new_owner()}"
    row = records.begin_here(session, name, source.path.name, owner=owner, now=begun.now)
    held = Hold(row.id, owner)
    session.commit()
    return held


def _loaded(load: Load, name: str, held: Hold) -> Counter[str]:
    try:
        load.read(held)
        figures = load.merge(held)
    except Lost:
        raise Conflict("Somebody else ended this import. Run it again: what is saved stays as it is.") from None
    except Unacceptable as refusal:
        load.session.rollback()
        records.end(load.session, held, "refused", now=clock.now(), problem=refusal.detail)
        load.session.commit()
        raise
    now, subject, action = clock.now(), f"import:{held.import_id}", f"{name}.imported"
    audit.record(load.session, actor=audit.SYSTEM, action=action, subject=subject, details=figures, now=now)
    records.end(load.session, held, "done", now=now, figures=dict(figures))
    load.session.commit()
    return figures


def _answer(session: Session, figures: Counter[str], columns: Columns) -> Answer:
    told = [(remark.is_refusal, remarks.told(remark)) for remark in remark_table.all_of(session)]
    warnings = [f"The column {name} is not used." for name in columns.unused]
    warnings += [f"Line {each['line']}, {each['column']}: {each['reason']}" for refused, each in told if not refused]
    refused = [each for is_refusal, each in told if is_refusal]
    return {**{name: figures[name] for name in COUNTED}, "refused": refused, "warnings": warnings}
