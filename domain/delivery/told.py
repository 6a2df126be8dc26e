"""What a provider tells, by whichever door: kept once; a guest's text takes effect at once."""

import hashlib
from datetime import datetime

from sqlalchemy.orm import Session

from domain.audience import replies
from domain.audience.reply_words import Wish
from domain.delivery import inbound, receipts
from domain.delivery.ports import DeliveryReport, InboundText
from domain.sentences import Sentence
from models.gateway import GatewayAccount
from models.tenant import Tenant

_WISHES = {wish.upper(): wish for wish in Wish}


def take(
    session: Session, tenant: Tenant, account: GatewayAccount, told: DeliveryReport | InboundText, *, now: datetime
) -> Sentence | None:
    """Keep what was told; what a guest who wrote is to be answered, None for nothing. Told twice, it counts once."""
    if isinstance(told, DeliveryReport):
        receipts.store(session, account.id, told, now=now)
        return None
    if not inbound.keep_text(session, account.id, told, now=now):
        return None
    read = _WISHES.get(told.extra.get("opt_out_type", ""))
    return replies.take(
        session,
        tenant,
        channel=account.channel,
        sender=told.sender,
        body=told.body,
        read=read,
        now=now,
        networks_confirm=told.networks_confirm,
    )


def keep_unknown(session: Session, account: GatewayAccount, raw: bytes, *, now: datetime) -> None:
    """Keep what surely came from the provider and says nothing we know, for the owner to see."""
    key = f"unknown:{hashlib.sha256(raw).hexdigest()}"
    inbound.keep_unknown(session, account.id, key=key, detail=raw.decode("utf-8", "replace"), now=now)
