"""`regulars members`: guests in bulk."""

from pathlib import Path

import click

from domain.audience.imports import records
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
        records.MEMBERS, file=file, tenant=tenant, dry_run=dry_run, mapping=mapping, encoding=encoding, order=order
    )
