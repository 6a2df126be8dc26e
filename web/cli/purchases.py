"""`regulars purchases`: receipts in bulk."""

from pathlib import Path

import click

from domain.audience.imports import records
from web.cli import import_file
from web.cli.console import Answer, ends_with_json


@click.group()
def purchases() -> None:
    """Receipts."""


@purchases.command("import")
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
    """Book the purchases in a file. Bad rows are told and the others saved; nobody hears of what they unlock."""
    return import_file.run(
        records.PURCHASES, file=file, tenant=tenant, dry_run=dry_run, mapping=mapping, encoding=encoding, order=order
    )
