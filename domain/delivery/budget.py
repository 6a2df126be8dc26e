"""What messages cost, and the most that a café lets them cost in a month.

A gateway has a price per part; without one its messages cost nothing that we know of, and nobody looks. What may have
reached the provider counts; what provably did not is priced anew when it is claimed again.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.orm import Session

from domain import money
from domain.content import sms
from domain.delivery.batches import Letter
from models.gateway import GatewayAccount
from models.message import Channel, Reason
from models.tenancy import current_tenant_id
from models.tenant import Tenant

CHARGEABLE = frozenset({Channel.SMS, Channel.VOICE, Channel.VIBER, Channel.WHATSAPP})  # sold by the piece

# Whoever prices waits for whoever did so before, to their commit: the sum below is read in a statement of its own.
_TAKE_TURNS = text("SELECT pg_advisory_xact_lock(hashtextextended('budget:' || current_setting('app.tenant_id'), 0))")
_CAP = text("""
    SELECT monthly_cap_minor, timezone FROM tenants WHERE id = current_setting('app.tenant_id')::bigint""")
_SPENT = text("""
    SELECT CAST(coalesce(sum(cost), 0) AS bigint) FROM messages
     WHERE priced_at >= :since AND state IN ('claimed', 'attempting', 'sent', 'delivered', 'bounced', 'unsure')""")
_WRITE_DOWN = text(f"""
    UPDATE messages m
       SET cost = p.cost, priced_at = CASE WHEN p.cost IS NOT NULL THEN CAST(:now AS timestamptz) END,
           state = CASE WHEN p.cost IS NULL THEN 'cancelled' ELSE m.state END,
           reason = CASE WHEN p.cost IS NULL THEN '{Reason.CAP_REACHED}' END,
           settled_at = CASE WHEN p.cost IS NULL THEN CAST(:now AS timestamptz) END,
           lease_until = CASE WHEN p.cost IS NOT NULL THEN m.lease_until END
      FROM unnest(CAST(:ids AS bigint[]), CAST(:costs AS bigint[])) AS p (id, cost)
     WHERE m.id = p.id AND m.id = ANY (CAST(:ids AS bigint[])) AND m.claimed_by = :owner AND m.state = 'claimed'
""")  # noqa: S608 (our own reason)


def charge(
    session: Session, owner: str, account: GatewayAccount, letters: Sequence[Letter], *, now: datetime
) -> list[Letter]:
    """Write down what each letter costs and return those that the month still pays for, in their order.

    The others end as cancelled, `cap_reached`. Exact however many workers send at once: a café's batches are priced one
    after the other, until each commits.
    """
    if not account.price_per_part or not letters:
        return list(letters)
    costs = [_parts(each) * account.price_per_part for each in letters]
    left = _left(session, now)
    paid = list(costs) if left is None else list(_within(costs, left))
    ids = [each.outgoing.message_id for each in letters]
    session.execute(_WRITE_DOWN, {"ids": ids, "costs": paid, "owner": owner, "now": now})
    return [letter for letter, cost in zip(letters, paid, strict=True) if cost is not None]


def spent(session: Session, tenant: Tenant, *, now: datetime) -> int:
    """What the café's messages cost since its month began, in hundredths of a minor unit."""
    since, _until = month(tenant.timezone, now)
    return int(session.scalar(_SPENT, {"since": since}) or 0)


def month(timezone: str, now: datetime) -> tuple[datetime, datetime]:
    """When the calendar month of `now` began in that zone, and when the next one does."""
    local = now.astimezone(ZoneInfo(timezone))
    began = local.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    over = began.replace(year=began.year + began.month // 12, month=began.month % 12 + 1)
    return began, over


def set_price(session: Session, account: GatewayAccount, price: str) -> None:
    """Say what a part costs at a gateway, like `"0.065"` in the café's currency; empty: unknown. Raises
    `Unacceptable`."""
    currency = session.get_one(Tenant, current_tenant_id.get()).currency
    account.price_per_part = money.price_to_hundredths(price, currency) if price else None
    session.flush()


def _parts(letter: Letter) -> int:
    body = letter.outgoing.body
    return sms.measure(body).parts if letter.channel == Channel.SMS and isinstance(body, str) else 1


def _left(session: Session, now: datetime) -> int | None:
    """Hundredths that the month has left; None without a cap. Holds the café's turn to the end of the transaction."""
    cap, timezone = session.execute(_CAP).one()
    if cap is None:
        return None
    session.execute(_TAKE_TURNS)
    since, _until = month(timezone, now)
    # What was just claimed has no cost yet, so the sum is that of all the others.
    return int(cap * 100 - (session.scalar(_SPENT, {"since": since}) or 0))


def _within(costs: Sequence[int], left: int) -> Iterator[int | None]:
    """Each cost that still fits, None for one that does not."""
    for cost in costs:
        fits = cost <= left
        left -= cost if fits else 0
        yield cost if fits else None
