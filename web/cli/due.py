"""`regulars due`: everything that is due, now and here."""

from datetime import UTC, datetime

import click

from domain import clock
from domain.errors import Unacceptable
from web.cli.console import Answer, application, ends_with_json


@click.command()
@click.option("--at", metavar="INSTANT", help="Set the clock of the rules, in development only: 2026-03-04T14:05+01:00")
@ends_with_json
def due(*, at: str | None) -> Answer:
    """Do in this process all work that is due: time-outs, points that turn, messages that leave."""
    from tasks.due import run_due

    instant = _instant(at) if at else None
    with application() as app:
        if instant and app.config["SETTINGS"].is_production:
            raise Unacceptable("--at needs REGULARS_ENV=development: in production the clock is not set.")
        return run_due(instant.astimezone(UTC) if instant else clock.now())


def _instant(typed: str) -> datetime:
    try:
        instant = datetime.fromisoformat(typed)
    except ValueError:
        raise click.BadParameter(f"{typed!r} is not an instant.", param_hint="--at") from None
    if instant.tzinfo is None:
        raise click.BadParameter(f"{typed!r} has no offset from UTC.", param_hint="--at")
    return instant
