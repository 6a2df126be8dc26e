"""`regulars tenant`: cafés."""

import click

from domain import clock
from domain.accounts import tenants
from domain.audience import defaults
from web.cli.console import Answer, ends_with_json, session


@click.group()
def tenant() -> None:
    """Cafés."""


@tenant.command()
@click.option("--name", required=True, help="As guests read it.")
@click.option("--slug", required=True, help="As it stands in addresses: small letters, digits, hyphens.")
@click.option("--owner", required=True, help="The owner's e-mail address, the login.")
@click.option("--timezone", default="Europe/Vienna", show_default=True)
@click.option("--currency", default="EUR", show_default=True)
@click.option("--country", default="AT", show_default=True)
@click.option("--locale", default="en", show_default=True)
@click.option("--address", help="The postal address, which promotional mail needs.")
@ends_with_json
def create(*, name: str, slug: str, owner: str, address: str | None, **place: str) -> Answer:
    """Open a café with its owner; password and key are shown once."""
    with session() as db_session:
        now = clock.now()
        details = tenants.CafeDetails(name, slug, postal_address=address, **place)
        cafe = tenants.create(db_session, details, owner_email=owner, now=now)
        defaults.open_cafe(db_session, cafe.tenant, now=now)
        answer = {
            "tenant": cafe.tenant.slug,
            "owner_login": cafe.owner.email,
            "password": cafe.password,
            "api_key": cafe.api_key,
        }
        db_session.commit()
    return answer
