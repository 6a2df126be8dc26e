"""`regulars purchases`: receipts in bulk."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

import click
from sqlalchemy.orm import Session

from domain import clock
from domain.errors import Refusal, Unacceptable
from domain.outreach import checkout, purchase_rows
from domain.outreach.purchase_rows import COLUMNS, DATES, REQUIRED, Ground, Refused, Row, RowsRefused
from models.tenant import Tenant
from web.cli import table_file
from web.cli.console import Answer, acting_for, ends_with_json, pairs

COMMIT_EVERY = 200  # purchases


@dataclass(slots=True)
class Report:
    """What became of the rows so far."""

    rows: int = 0
    created: int = 0
    unchanged: int = 0
    refused: list[Refused] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def answer(self) -> Answer:
        """As the console tells it; a purchase in a file never changes one that is there."""
        return {
            "rows": self.rows,
            "created": self.created,
            "updated": 0,
            "unchanged": self.unchanged,
            "refused": [asdict(each) for each in sorted(self.refused, key=lambda each: each.line)],
            "warnings": self.warnings,
        }


@click.group()
def purchases() -> None:
    """Receipts."""


@purchases.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--tenant", required=True, help="The café's slug.")
@click.option("--dry-run", is_flag=True, help="Say what would happen and save nothing.")
@click.option("--map", "mapping", multiple=True, metavar="HEADER=COLUMN", help=f"Columns: {', '.join(COLUMNS)}.")
@click.option("--encoding", help="Unless it is UTF-8, or UTF-16 with its mark.")
@click.option("--dates", type=click.Choice(list(DATES)), help="The order of day and month in 04.03.2026.")
@ends_with_json
def import_command(
    *, file: Path, tenant: str, dry_run: bool, mapping: tuple[str, ...], encoding: str | None, dates: str | None
) -> Answer:
    """Book the purchases in a file. Bad rows are told and the others saved; nobody hears of what they unlock."""
    with (
        table_file.opened(file, encoding=encoding, mapping=pairs(mapping)) as table,
        acting_for(tenant) as (session, tenant_id),
    ):
        report = Report(warnings=_refuse_missing(table.headers))
        cafe = session.get_one(Tenant, tenant_id)
        ground = Ground(cafe.currency, cafe.country, cafe.timezone, dates)
        end_slice = session.flush if dry_run else session.commit
        for number, rows in enumerate(purchase_rows.by_purchase(_rows(table.lines, report)), start=1):
            _book(session, rows, ground, report)
            if number % COMMIT_EVERY == 0:
                end_slice()
        end_slice()
    return report.answer()


def _refuse_missing(headers: Iterable[str]) -> list[str]:
    """What is worth saying about the headers. Raises `Unacceptable` when one is missing that every purchase needs."""
    missing = [name for name in REQUIRED if name not in headers]
    if missing:
        raise Unacceptable(f"There is no column {', '.join(missing)}. Name yours with --map HEADER=COLUMN.")
    return [f"The column {name} is not used." for name in headers if name and name not in COLUMNS]


def _rows(lines: Iterable[table_file.Line], report: Report) -> Iterator[Row]:
    for line in lines:
        report.rows += 1
        if line.problem:
            report.refused.append(Refused(line.number, "", line.problem))
        else:
            yield Row(line.number, line.cells)


def _book(session: Session, rows: list[Row], ground: Ground, report: Report) -> None:
    try:
        sale = purchase_rows.sale(rows, ground)
        with session.begin_nested():
            booked = checkout.ring_up_imported(session, sale, now=clock.now())
    except RowsRefused as refusal:
        report.refused += refusal.refused
    except Refusal as refusal:
        report.refused += purchase_rows.refused_by_rule(rows, refusal)
    else:
        report.created += booked.is_new
        report.unchanged += not booked.is_new
