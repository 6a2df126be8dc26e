"""The secret addresses at which providers and business systems reach a café: shown once, kept as hashes."""

from sqlalchemy.orm import Session

from domain.accounts.secrets import fingerprint, new_token
from models.key import HookToken

GATEWAY, CONNECTOR = "gateway", "connector"


def issue(session: Session, *, tenant_id: int, provider: str, target_kind: str, target_id: int) -> str:
    """A new token for a gateway or connector of the café."""
    token = new_token()
    session.add(
        HookToken(
            token_hash=fingerprint(token),
            tenant_id=tenant_id,
            provider=provider,
            target_kind=target_kind,
            target_id=target_id,
        )
    )
    session.flush()
    return token


def find(session: Session, token: str, *, provider: str) -> HookToken | None:
    """Whom this token of this provider means, before any café is bound."""
    row = session.get(HookToken, fingerprint(token))
    return row if row is not None and row.provider == provider else None


def path(provider: str, token: str) -> str:
    """Where the hook stands below `PUBLIC_URL`: the address that is registered and signed, to the letter."""
    return f"/hooks/{provider}/{token}"
