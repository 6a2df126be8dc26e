"""`regulars tags`: who has which tag, worked out anew."""

from collections import Counter

import click

from domain.accounts import tenants
from domain.audience import consoles
from domain.errors import NotFound
from domain.tenant_scope import tenant_scope
from models.database import db
from web.cli.console import Answer, application, ends_with_json


@click.group()
def tags() -> None:
    """Tags of members."""


@click.command("LoyaltyUpdateConsole")
@click.option("--tenant", "slug", help="The café's slug; without it, every café that has tagging switched on.")
@ends_with_json
def update(*, slug: str | None) -> Answer:
    """Work out all tags and segments anew, and say what was read and changed."""
    from tasks.consoles import run_now

    did: Counter[str] = Counter(bills_read=0, tags_added=0, tags_removed=0)
    with application():
        for tenant_id in _cafes(slug):
            with tenant_scope(tenant_id):
                if slug or consoles.tagging(db.session()).is_active:
                    did.update(run_now(consoles.TAGS, trigger=consoles.COMMAND).figures)
                db.session.rollback()
    return dict(did)


def _cafes(slug: str | None) -> list[int]:
    if slug is None:
        ids = tenants.all_ids(db.session())
    elif (tenant := tenants.by_slug(db.session(), slug)) is None:
        raise NotFound(f"There is no café {slug}.")
    else:
        ids = [tenant.id]
    db.session.rollback()  # a café is bound when a transaction begins
    return ids


tags.add_command(update, "update")
