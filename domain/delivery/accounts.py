"""A café's accounts with providers of channels: added with sealed credentials, stopped, resumed, listed."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from domain.accounts import vault
from domain.delivery import duty
from domain.errors import NotFound
from domain.sentences import say
from models.gateway import GatewayAccount
from models.tenancy import current_tenant_id
from models.tenant import Tenant

TEXTS_REQUESTED = "sms_requested_at"  # among the café's settings
HOOK_PATH = "hook_path"  # kept among the sealed settings: its token is a secret too


def add(
    session: Session,
    *,
    channel: str,
    provider: str,
    credentials: Mapping[str, str],
    now: datetime,
    set_by_operator: bool,
    sender: str = "",
    sender_name: str = "",
) -> GatewayAccount:
    """Add an account. The door has let `gateways.check` judge the credentials; here they are sealed."""
    account = GatewayAccount(
        channel=channel,
        provider=provider,
        credentials=vault.encrypt(credentials),
        sender=sender,
        sender_name=sender_name,
        set_by_operator=set_by_operator,
        created_at=now,
    )
    session.add(account)
    session.flush()
    return account


def settings_of(account: GatewayAccount) -> dict[str, str]:
    """The account's settings, opened: what its gateway is made of. Raises `vault.WrongKey`."""
    return {name: value for name, value in vault.decrypt(account.credentials).items() if name != HOOK_PATH}


def hook_path_of(account: GatewayAccount) -> str:
    """Where its provider may report to, below `PUBLIC_URL`; "" when nowhere."""
    return vault.decrypt(account.credentials).get(HOOK_PATH, "")


def keep_hook_path(session: Session, account: GatewayAccount, path: str) -> None:
    """Seal the hook's path beside the settings: the provider is told it with every message."""
    account.credentials = vault.encrypt({**settings_of(account), HOOK_PATH: path})
    session.flush()


def approve_texts(session: Session, markets: Sequence[str], *, now: datetime) -> None:
    """Let the café send texts, to its own country and to `markets` (ISO 3166); what was open stays open."""
    tenant = session.get_one(Tenant, current_tenant_id.get())
    wanted = {tenant.country, *tenant.sms_markets, *(market.strip().upper() for market in markets)}
    tenant.sms_markets = sorted(wanted - {""})
    tenant.sms_approved_at = tenant.sms_approved_at or now
    session.flush()


def request_texts(session: Session, *, now: datetime) -> bool:
    """Ask the operator to open texts for the café; False when that was asked, or is open, already."""
    tenant = session.get_one(Tenant, current_tenant_id.get())
    if tenant.sms_approved_at is not None or TEXTS_REQUESTED in tenant.settings:
        return False
    tenant.settings = {**tenant.settings, TEXTS_REQUESTED: now.isoformat()}
    session.flush()
    return True


def texts_requested_at(tenant: Tenant) -> datetime | None:
    """When the café asked for texts, if it did."""
    asked = tenant.settings.get(TEXTS_REQUESTED)
    return datetime.fromisoformat(asked) if asked else None


def get(session: Session, gateway_id: int) -> GatewayAccount:
    """One account of the café. Raises `NotFound`."""
    account = session.scalar(select(GatewayAccount).where(GatewayAccount.id == gateway_id))
    if account is None:
        raise NotFound(say("There is no such gateway."))
    return account


def all_of(session: Session) -> list[GatewayAccount]:
    """The café's accounts, by channel."""
    return list(session.scalars(select(GatewayAccount).order_by(GatewayAccount.channel, GatewayAccount.id)))


def in_service(session: Session, channel: str) -> GatewayAccount | None:
    """The account a test or a single message on this channel goes through."""
    serving = select(GatewayAccount).where(GatewayAccount.channel == channel, GatewayAccount.stopped_at.is_(None))
    return session.scalar(serving.order_by(GatewayAccount.id).limit(1))


def with_messages_due(session: Session, *, now: datetime) -> list[tuple[int, str]]:
    """Gateway and lane for everything of this café that is due."""
    return [(row.id, row.lane) for row in session.execute(_DUE, {"now": now})]


def stop(session: Session, gateway_id: int, *, because: str, now: datetime) -> None:
    """Take an account out of service; its messages stay planned until it is resumed. A first reason stands."""
    session.execute(
        update(GatewayAccount)
        .where(GatewayAccount.id == gateway_id, GatewayAccount.stopped_at.is_(None))
        .values(stopped_at=now, stopped_because=because[:500])
    )


def resume(session: Session, gateway_id: int) -> None:
    """Put an account back into service."""
    session.execute(
        update(GatewayAccount).where(GatewayAccount.id == gateway_id).values(stopped_at=None, stopped_because=None)
    )


def change_credentials(session: Session, account: GatewayAccount, credentials: Mapping[str, str]) -> None:
    """Seal new settings and put the account back into service."""
    account.credentials = vault.encrypt({**credentials, HOOK_PATH: hook_path_of(account)})
    account.stopped_at = account.stopped_because = None
    session.flush()


_DUE = text(f"""
    SELECT g.id, lanes.lane
      FROM gateways g CROSS JOIN (VALUES ('instant'), ('mass')) AS lanes (lane)
     WHERE {duty.ON_DUTY}
       AND EXISTS (SELECT 1 FROM messages m WHERE m.channel = g.channel AND m.lane = lanes.lane
                      AND m.state = 'planned' AND m.due_at <= :now)
     ORDER BY lanes.lane, g.id""")  # noqa: S608 (our own fragment)
