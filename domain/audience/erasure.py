"""A member's right to be forgotten: the person goes, the anonymous ledger stays.

What stays belongs to nobody: amounts, points, days, and that something was sent. What must be remembered so that nobody
writes to the person again, a refused address, is kept as a fingerprint: it cannot be read, only recognised.
"""

from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from domain.audience import consent, membership, mentions, suppression
from domain.audience.traces import Person
from domain.loyalty import summaries
from models.member import Member
from models.merge import MemberAlias
from models.message import MessageState, Reason

FORGOTTEN = (
    "first_name",
    "last_name",
    "email",
    "phone",
    "phone_country",
    "card",
    "birthday",
    "locale",
    "timezone",
    "country",
    "may_count",
)
# What an event may keep once it is nobody's. Everything that others typed goes, and everything of custom events.
KEPT_OF_EVENTS = (
    *("purchase", "external_id", "amount", "currency", "channel", "location", "payment_method", "refund", "scope"),
    *("points", "kind", "activates_at", "expires_at", "at", "entry", "balances", "redemption", "reward"),
    *("reward_event", "name", "code", "valid_until", "old", "new", "cause", "status"),
)

_OWN = tuple(
    text(statement)
    for statement in (
        # An inbound text is kept beside the reports without its sender; it is known by the words of the no it was.
        """UPDATE reports SET detail = '' WHERE kind = 'text' AND detail IN (
                  SELECT wording FROM consents WHERE member_id = :member_id AND wording <> '')""",
        """UPDATE reports r SET detail = '', properties = '{}' FROM messages m
            WHERE m.member_id = :member_id AND m.tenant_id = r.tenant_id
              AND (m.id = r.message_id OR m.provider_ref = r.provider_ref)""",
        f"""UPDATE messages SET state = '{MessageState.CANCELLED}', reason = '{Reason.MEMBER_ERASED}',
                                settled_at = :now, lease_until = NULL
             WHERE member_id = :member_id AND state IN ('planned', 'claimed')""",  # noqa: S608
        """UPDATE messages SET address = NULL, subject = NULL, body_preview = NULL, placeholder_values = '{}',
                               detail = NULL
            WHERE member_id = :member_id""",
        """UPDATE messages SET address = NULL, subject = NULL, body_preview = NULL, placeholder_values = '{}',
                               detail = NULL
            WHERE member_id IS NULL AND (cause = 'confirmation' AND lower(address) = ANY(:emails)
                                         OR cause = 'answer' AND address = ANY(:phones))""",
        "SELECT forget_words(:member_id)",
        "DELETE FROM consent_states WHERE member_id = :member_id",
        "DELETE FROM member_tags WHERE member_id = :member_id",
        "DELETE FROM import_changes WHERE member_id = :member_id",
        "DELETE FROM sign_ups WHERE member_id = :member_id OR email = ANY(:emails)",
        "DELETE FROM distinct_pairs WHERE first_id = :member_id OR second_id = :member_id",
        "DELETE FROM member_aliases WHERE member_id = :member_id",
        """UPDATE events
              SET properties = CASE WHEN type LIKE 'custom.%' THEN '{}' ELSE coalesce((
                    SELECT jsonb_object_agg(key, value) FROM jsonb_each(properties)
                     WHERE key = ANY(:kept) AND (key <> 'name' OR type LIKE 'reward.%')), '{}') END,
                  external_id = NULL, content_hash = NULL
            WHERE member_id = :member_id""",
        """UPDATE redemptions SET external_id = 'erased:' || id, answer = NULL WHERE member_id = :member_id""",
        """UPDATE members w SET link_number = w.link_number + 1 FROM member_merges m
            WHERE m.gone_id = w.id AND m.kept_id = :member_id""",
    )
)


def erase(session: Session, member: Member, *, now: datetime) -> None:
    """Forget who the member was, revoke their links, cancel what waits for them and redact what was sent.

    Balances, purchases and ledger stay as they are, under a number that leads to nobody.
    """
    membership.hold(session)  # before the member is held, as all do who change memberships
    session.refresh(member, with_for_update=True)
    consent.hold(session, [member.id])
    also = session.execute(select(MemberAlias.kind, MemberAlias.value).where(MemberAlias.member_id == member.id))
    person = Person.of(member, [(kind, value) for kind, value in also])
    suppression.forget(session, member, now=now)
    _blank(session, member, now=now)
    emails = [each.lower() for each in person.emails]
    values = {"member_id": member.id, "now": now, "kept": list(KEPT_OF_EVENTS), "emails": emails}
    values |= {"phones": list(person.phones)}
    for statement in _OWN:
        session.execute(statement, values)
    membership.forget(session, [member.id])
    summaries.forget(session, [member.id])
    mentions.remove(session, person, member.id, now=now)


def _blank(session: Session, member: Member, *, now: datetime) -> None:
    """The row itself, first: whoever is about to book or record something for the member waits, and finds nobody."""
    for field in FORGOTTEN:
        setattr(member, field, None)
    member.attributes = {}
    member.phone_takes_texts = False
    member.external_id = f"erased-{member.id}"
    member.link_number += 1
    member.erased_at = member.updated_at = now
    session.flush()
