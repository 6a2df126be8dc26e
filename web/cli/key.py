"""`regulars key`: keys to the API."""

import click

from domain.accounts import keys
from web.cli.console import Answer, acting_for, ends_with_json


@click.group()
def key() -> None:
    """Keys to the API."""


@key.command()
@click.option("--tenant", required=True, help="The café's slug.")
@click.option("--scope", "scopes", multiple=True, required=True, help=f"{', '.join(keys.SCOPES)} or {keys.ALL}.")
@click.option("--name", default="", help="What it is for.")
@ends_with_json
def create(*, tenant: str, scopes: tuple[str, ...], name: str) -> Answer:
    """A new key; it is shown once."""
    with acting_for(tenant) as (db_session, tenant_id):
        token, row = keys.create(db_session, tenant_id=tenant_id, scopes=scopes, name=name)
        answer = {"api_key": token, "scopes": row.scopes}
        db_session.commit()
    return answer
