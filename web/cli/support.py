"""`regulars support`: people of the platform."""

import click

from domain.accounts import support as agents
from web.cli.console import Answer, ends_with_json, session


@click.group()
def support() -> None:
    """Support agents."""


@support.command()
@click.argument("email")
@ends_with_json
def create(email: str) -> Answer:
    """A new support agent; the password is shown once."""
    with session() as db_session:
        agent = agents.create(db_session, email)
        answer = {"login": agent.user.email, "password": agent.password}
        db_session.commit()
    return answer
