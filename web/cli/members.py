"""`regulars members`: guests in bulk."""

from pathlib import Path
from zoneinfo import ZoneInfo

import click

from domain.audience.imports import columns, records
from domain.audience.imports.columns import Columns
from domain.audience.imports.guests import MemberFile
from domain.audience.imports.merging import Loading
from domain.audience.imports.readings import Ground, Reader
from models.tenant import Tenant
from web.cli import import_file
from web.cli.console import Answer, ends_with_json


@click.group()
def members() -> None:
    """Guests."""


@members.command("import")
@import_file.options
@ends_with_json
def import_command(
    *,
    file: Path,
    tenant: str,
    dry_run: bool,
    mapping: tuple[str, ...],
    encoding: str | None,
    order: str | None,
) -> Answer:
    """Enrol and change the guests in a file. Bad rows are told and the others saved; nobody is written to."""
    return import_file.run(
        KIND, file=file, tenant=tenant, dry_run=dry_run, mapping=mapping, encoding=encoding, order=order
    )


def _file(found: Columns, cafe: Tenant, order: str | None, loading: Loading) -> MemberFile:
    ground = Ground(cafe.country, ZoneInfo(cafe.timezone), order, loading.now)
    return MemberFile(Reader(found, ground, keeps_cells=False), loading)


KIND = import_file.Kind(records.MEMBERS, columns.assign_members, columns.DATES, _file)
