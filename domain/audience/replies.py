"""What a guest texts back takes effect at once: STOP closes the channel, START opens what it closed, HELP explains."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.audience import consent, suppression
from domain.audience.consent_history import TEXT_MESSAGE
from domain.audience.reply_words import Wish, is_networks_own, meaning
from domain.loyalty import summaries
from domain.sentences import Sentence, say
from models.event import Event
from models.member import Member
from models.tenant import Tenant

ANSWERED = "message.answered"


def take(
    session: Session,
    tenant: Tenant,
    *,
    channel: str,
    sender: str,
    body: str,
    read: Wish | None,
    now: datetime,
    networks_confirm: bool = True,
) -> Sentence | None:
    """Let a text from `sender` (E.164) on a channel take effect and return what to answer, None for nothing.

    `read` is the provider's own reading, which goes before ours. A STOP closes all topics on the channel for the member
    with this number; a number that is nobody's is suppressed, so that it stays closed when somebody joins with it. A
    START opens what was closed by a text, and nothing that was never agreed to. What changed nothing is not confirmed,
    nor what the provider confirms itself or, where `networks_confirm`, the networks do.
    """
    member_id = session.scalar(select(Member.id).where(Member.phone == sender, Member.erased_at.is_(None)))
    if member_id is not None:
        _note(session, member_id, channel, now=now)
    wish = read or meaning(body)
    if wish is None:
        return None
    proof = consent.Proof(source=TEXT_MESSAGE, given_at=now, wording=body[:1600], address=sender)
    if wish is Wish.STOP:
        changed = _close(session, member_id, channel, proof, now=now)
    elif wish is Wish.START:
        changed = _open(session, member_id, channel, proof, now=now)
    else:
        changed = True
    is_confirmed = read is not None or (networks_confirm and wish is not Wish.HELP and is_networks_own(body))
    return _answer(wish, tenant) if changed and not is_confirmed else None


def _note(session: Session, member_id: int, channel: str, *, now: datetime) -> None:
    """The guest wrote, whatever it was: on WhatsApp the café may answer in its own words for a day."""
    about = {"channel": channel}
    session.add(Event(type=ANSWERED, member_id=member_id, occurred_at=now, recorded_at=now, properties=about))
    session.flush()
    summaries.touch(session, [member_id], now=now)


def _close(session: Session, member_id: int | None, channel: str, proof: consent.Proof, *, now: datetime) -> bool:
    if member_id is None:
        return suppression.suppress(session, channel, proof.address, suppression.OPTED_OUT, now=now)
    return bool(consent.withdraw(session, member_id, proof, now=now, channel=channel))


def _open(session: Session, member_id: int | None, channel: str, proof: consent.Proof, *, now: datetime) -> bool:
    lifted = suppression.lift(session, channel, proof.address, now=now)
    reopened = member_id is not None and consent.reopen(session, member_id, proof, channel=channel, now=now)
    return lifted or bool(reopened)


def _answer(wish: Wish, tenant: Tenant) -> Sentence:
    if wish is Wish.STOP:
        return say("%(cafe)s: you will get no more texts from us.", cafe=tenant.name)
    if wish is Wish.START:
        return say("%(cafe)s: you will hear from us again. Text STOP to end it.", cafe=tenant.name)
    if tenant.postal_address:
        return say(
            "%(cafe)s, %(address)s: we text about your points and rewards. Text STOP to end it.",
            cafe=tenant.name,
            address=tenant.postal_address,
        )
    return say("%(cafe)s: we text about your points and rewards. Text STOP to end it.", cafe=tenant.name)
