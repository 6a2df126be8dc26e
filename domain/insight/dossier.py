"""Everything a café knows about one member, for the member who asks: plain rows, by kind, oldest first."""

from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

Rows = list[dict[str, Any]]

_KINDS = {
    "profile": """
        SELECT external_id AS number, first_name, last_name, email, phone, card, birthday, joined_on, locale, timezone,
               country, attributes, created_at, updated_at
          FROM members WHERE id = :member_id""",
    "other_addresses": "SELECT kind, value FROM member_aliases WHERE member_id = :member_id ORDER BY kind, value",
    "consents": """
        SELECT given_at AS at, channel, topic, granted, is_dated AS time_known, source, wording AS words,
               wording_version AS version, recorded_at
          FROM consents WHERE member_id = :member_id ORDER BY id""",
    "refused_addresses": """
        SELECT s.since AS at, s.channel, s.reason, s.lifted_at FROM suppressions s JOIN members w ON w.id = :member_id
         WHERE s.address IN (w.email_key, w.phone) ORDER BY s.since""",
    "balances": """
        SELECT c.name AS currency, b.available, b.pending FROM balances b JOIN currencies c ON c.id = b.currency_id
         WHERE b.member_id = :member_id ORDER BY c.id""",
    "purchases": """
        SELECT p.occurred_at AS at, p.external_id AS receipt, p.channel, l.name AS location, p.amount_minor,
               p.refunded_minor, p.currency, p.payment_method, p.discounts, p.coupon,
               (SELECT jsonb_agg(jsonb_build_object('name', i.name, 'category', i.category, 'quantity', i.quantity,
                                                    'amount_minor', i.amount_minor) ORDER BY i.id)
                  FROM purchase_items i WHERE i.purchase_id = p.id) AS items
          FROM purchases p LEFT JOIN locations l ON l.id = p.location_id
         WHERE p.member_id = :member_id ORDER BY p.occurred_at, p.id""",
    "points": """
        SELECT e.occurred_at AS at, e.points, c.name AS currency, e.kind, e.reason
          FROM ledger_entries e JOIN currencies c ON c.id = e.currency_id
         WHERE e.member_id = :member_id ORDER BY e.id""",
    "rewards": """
        SELECT e.unlocked_at AS at, r.name, e.state, e.code, e.valid_until, e.closed_at
          FROM reward_events e JOIN rewards r ON r.id = e.reward_id
         WHERE e.member_id = :member_id ORDER BY e.id""",
    "tags": """
        SELECT m.applied_at AS at, t.name, m.source, m.because, m.lapses_on
          FROM member_tags m JOIN tags t ON t.id = m.tag_id WHERE m.member_id = :member_id ORDER BY m.applied_at""",
    "segments": """
        SELECT m.since AS at, s.name FROM segment_members m JOIN segments s ON s.id = m.segment_id
         WHERE m.member_id = :member_id ORDER BY m.since""",
    "messages": """
        SELECT coalesce(sent_at, settled_at, created_at) AS at, channel, topic, state, reason, address, subject,
               body_preview AS text
          FROM messages WHERE member_id = :member_id ORDER BY id""",
    "events": "SELECT occurred_at AS at, type, properties FROM events WHERE member_id = :member_id ORDER BY id",
}


def everything(session: Session, member_id: int) -> dict[str, Rows]:
    """What is kept about the member, by kind; a kind with nothing in it is an empty list."""
    asked = {"member_id": member_id}
    return {
        kind: [dict(row) for row in session.execute(text(query), asked).mappings()] for kind, query in _KINDS.items()
    }
