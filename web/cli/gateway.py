"""`regulars gateway`: accounts with providers of channels."""

import click

import gateways
from domain import clock
from domain.accounts import hook_tokens
from domain.delivery import accounts, budget
from domain.errors import Unacceptable
from models.message import Channel
from web.cli.console import Answer, acting_for, ends_with_json, pairs, public_url


@click.group()
def gateway() -> None:
    """Accounts with providers of channels."""


@gateway.command()
@click.option("--tenant", required=True, help="The café's slug.")
@click.option("--channel", required=True, type=click.Choice([channel.value for channel in Channel]))
@click.option("--provider", required=True, help=f"One of: {', '.join(gateways.PROVIDERS)}.")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE")
@click.option(
    "--position", type=click.IntRange(0, 99), default=0, help="0 sends; a higher one takes over when it rests."
)
@click.option("--per-minute", type=click.IntRange(1), help="How many messages may leave a minute, over all workers.")
@click.option("--price", help="What a part of a text costs, like 0.065, in the café's currency; else it is unknown.")
@click.argument("more_settings", nargs=-1, metavar="[KEY=VALUE]...")
@ends_with_json
def add(
    *,
    tenant: str,
    channel: str,
    provider: str,
    settings: tuple[str, ...],
    more_settings: tuple[str, ...],
    position: int,
    per_minute: int | None,
    price: str | None,
) -> Answer:
    """Add a gateway whose addresses are trusted; the address of its hook is shown once.

    A gateway for texts approves SMS for the café and opens its country; markets=AT,DE opens more. Gateways of one
    channel and position share its messages; those of the next position stand by.
    """
    values = pairs((*settings, *more_settings))
    _refuse_wrong(channel, provider, values)
    now = clock.now()
    with acting_for(tenant) as (session, tenant_id):
        account = accounts.add(
            session,
            channel=channel,
            provider=provider,
            credentials=values,
            now=now,
            set_by_operator=True,
            sender=values.get("from") or values.get("source_addr", ""),
            sender_name=values.get("from_name", ""),
        )
        account.position, account.per_minute = position, per_minute
        if price is not None:
            budget.set_price(session, account, price)
        if channel == Channel.SMS:
            accounts.approve_texts(session, values.get("markets", "").split(","), now=now)
        token = hook_tokens.issue(
            session, tenant_id=tenant_id, provider=provider, target_kind=hook_tokens.GATEWAY, target_id=account.id
        )
        path = hook_tokens.path(provider, token)
        accounts.keep_hook_path(session, account, path)
        answer = {"id": account.id, "channel": channel, "provider": provider, "hook_url": public_url() + path}
        session.commit()
    return answer


def _refuse_wrong(channel: str, provider: str, values: dict[str, str]) -> None:
    channels = gateways.get(provider).channels
    if channel not in channels:
        raise Unacceptable(f"{provider} sends {' and '.join(channels)}, not {channel}.")
    gateways.check(provider, values, trusted_hosts=[gateways.host_of(provider, values)])
