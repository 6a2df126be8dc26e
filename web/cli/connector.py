"""`regulars connector`: business systems."""

import click

from connectors import accounts
from domain import clock
from domain.accounts import hook_tokens
from web.cli.console import Answer, acting_for, ends_with_json, pairs, public_url


@click.group()
def connector() -> None:
    """Business systems: tills, shops."""


@connector.command()
@click.option("--tenant", required=True, help="The café's slug.")
@click.option("--system", required=True, help=f"One of: {', '.join(accounts.SYSTEMS)}.")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE")
@click.argument("more_settings", nargs=-1, metavar="[KEY=VALUE]...")
@ends_with_json
def add(*, tenant: str, system: str, settings: tuple[str, ...], more_settings: tuple[str, ...]) -> Answer:
    """Connect a café to a system; the address of its hook is shown once."""
    values = pairs((*settings, *more_settings))
    with acting_for(tenant) as (db_session, tenant_id):
        account, token = accounts.add(db_session, tenant_id=tenant_id, system=system, values=values, now=clock.now())
        answer = {
            "id": account.id,
            "system": system,
            "hook_url": public_url() + hook_tokens.path(system, token),
        }
        db_session.commit()
    return answer
