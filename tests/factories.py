"""Small builders of rows: every one fills in what the test does not care about, adds and flushes."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.consent import Consent, ConsentState, Suppression
from models.currency import Currency
from models.earning_rule import EarningRule
from models.event import Event
from models.gateway import GatewayAccount
from models.ledger import Balance, LedgerEntry, Lot
from models.location import Location
from models.member import Member
from models.message import Channel, Message, Topic
from models.purchase import Purchase, PurchaseItem, Refund
from models.reward import Redemption, Reward, RewardChannel, RewardEvent
from models.segment import Segment, SegmentMember
from models.template import Template, TemplateVersion
from models.tenancy import current_tenant_id
from models.tenant import Tenant
from models.user import Membership, User

LONG_AGO = datetime(2025, 1, 1, 12, 0, tzinfo=UTC)
_numbers = count(1)
Row = TypeVar("Row")


class Make:
    """Builders of rows in one session. Tenant rows belong to the café that the session acts for."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def tenant(self, **values: Any) -> Tenant:
        """A café: in Vienna, counting in euro, unless told otherwise."""
        number = next(_numbers)
        defaults = {
            "slug": f"cafe-{number}",
            "name": f"Café {number}",
            "timezone": "Europe/Vienna",
            "currency": "EUR",
            "country": "AT",
            "locale": "en",
            "postal_address": "Museumsplatz 1, 1070 Wien",
        }
        return self._add(Tenant(**(defaults | values)))

    def tenant_here(self) -> Tenant:
        """The café that the session acts for."""
        return self.session.get_one(Tenant, current_tenant_id.get())

    def user(self, **values: Any) -> User:
        """Somebody who could sign in, were the password hash one."""
        defaults = {"email": f"user{next(_numbers)}@example.com", "password_hash": "no password fits"}
        return self._add(User(**(defaults | values)))

    def membership(self, user: User, *, role: str = "owner", tenant: Tenant | None = None) -> Membership:
        """A user's role in a café, by default the one the session acts for."""
        tenant_id = tenant.id if tenant else current_tenant_id.get()
        return self._add(Membership(user_id=user.id, tenant_id=tenant_id, role=role))

    def location(self, **values: Any) -> Location:
        return self._add(Location(**({"name": f"Location {next(_numbers)}"} | values)))

    def currency(self, code: str = "points", **values: Any) -> Currency:
        """The café's point currency of that code; made when it is not there."""
        existing = self.session.scalar(select(Currency).where(Currency.code == code))
        return existing or self._add(Currency(**({"code": code, "name": code.capitalize()} | values)))

    def earning_rule(self, currency: Currency | None = None, **values: Any) -> EarningRule:
        """One point per whole unit, unless another way of earning is given."""
        currency = currency or self.currency()
        ways = {"points_per_unit", "per_item", "multiplier"}
        defaults: dict[str, Any] = {"name": f"Rule {next(_numbers)}", "currency_id": currency.id}
        if not ways & values.keys():
            defaults["points_per_unit"] = 1
        return self._add(EarningRule(**(defaults | values)))

    def member(self, *, consents: Iterable[str] = (), topic: str = Topic.REWARDS, **values: Any) -> Member:
        """A reachable member: e-mail, Austrian mobile number and card.

        `consents` are channels with a yes for `topic`, or `channel:topic`.
        """
        number = next(_numbers)
        defaults = {
            "external_id": f"member-{number}",
            "first_name": "Nora",
            "last_name": f"Novak {number}",
            "email": f"nora{number}@example.com",
            "phone": f"+4366412{number:05}",
            "card": f"card-{number}",
            "joined_on": date(2025, 1, 1),
        }
        member = self._add(Member(**(defaults | values)))
        for each in consents:
            channel, _, own_topic = each.partition(":")
            self.consent(member, channel, own_topic or topic)
        return member

    def consent(
        self, member: Member, channel: str, topic: str = Topic.REWARDS, *, granted: bool = True, at: datetime = LONG_AGO
    ) -> Consent:
        """A member's yes or no, with the state that follows from it."""
        consent = self._add(
            Consent(
                member_id=member.id, channel=channel, topic=topic, granted=granted, given_at=at, source="a paper form"
            )
        )
        state = ConsentState(
            tenant_id=member.tenant_id,
            member_id=member.id,
            channel=channel,
            topic=topic,
            granted=granted,
            since=at,
            closed_at=None if granted else at,
            consent_id=consent.id,
        )
        self.session.merge(state)
        self.session.flush()
        return consent

    def suppression(self, channel: str, address: str, **values: Any) -> Suppression:
        defaults = {"channel": channel, "address": address, "reason": "bounced", "since": LONG_AGO}
        return self._add(Suppression(**(defaults | values)))

    def purchase(
        self, member: Member | None = None, *, items: Iterable[dict[str, Any]] = (), **values: Any
    ) -> Purchase:
        """A bare receipt: it earns nothing, for that ask the rules of loyalty."""
        number = next(_numbers)
        defaults = {
            "source": "api",
            "external_id": f"receipt-{number}",
            "content_hash": f"hash-{number}",
            "member_id": member.id if member else None,
            "amount_minor": 450,
            "currency": "EUR",
            "occurred_at": LONG_AGO,
            "channel": "pos",
        }
        purchase = self._add(Purchase(**(defaults | values)))
        given_back = values.get("refunded_minor") == purchase.amount_minor
        for item in items:
            receipt = {"purchase_id": purchase.id, "member_id": purchase.member_id, "occurred_at": purchase.occurred_at}
            receipt["given_back"] = given_back
            self._add(PurchaseItem(**receipt, **({"name": "Melange", "quantity": 1} | item)))
        return purchase

    def refund(self, purchase: Purchase, **values: Any) -> Refund:
        """All of it given back; the purchase's own sum is the test's to change."""
        number = next(_numbers)
        defaults = {
            "source": purchase.source,
            "external_id": f"refund-{number}",
            "content_hash": f"hash-{number}",
            "purchase_id": purchase.id,
            "amount_minor": purchase.amount_minor,
            "occurred_at": LONG_AGO,
        }
        return self._add(Refund(**(defaults | values)))

    def redemption(self, member: Member, *, reward: Reward | None = None, **values: Any) -> Redemption:
        """A reward used at the till, with nothing booked for it."""
        number = next(_numbers)
        defaults = {
            "external_id": f"redemption-{number}",
            "content_hash": f"hash-{number}",
            "reward_id": (reward or self.reward()).id,
            "member_id": member.id,
            "points": 0,
            "occurred_at": LONG_AGO,
        }
        return self._add(Redemption(**(defaults | values)))

    def points(
        self, member: Member, points: int, *, currency: Currency | None = None, at: datetime = LONG_AGO, **lot: Any
    ) -> Lot:
        """Available points: ledger entry, lot and balance."""
        currency = currency or self.currency()
        entry = self._add(
            LedgerEntry(
                member_id=member.id,
                currency_id=currency.id,
                points=points,
                kind="adjusted",
                cause=f"points:made-{next(_numbers)}",
                occurred_at=at,
            )
        )
        defaults = {"points": points, "remaining": points, "activates_at": at, "active": True}
        made = self._add(
            Lot(entry_id=entry.id, member_id=member.id, currency_id=currency.id, **(defaults | lot)),
        )
        self._add_to_balance(member, currency, points)
        return made

    def segment(self, **values: Any) -> Segment:
        """A segment of those who bought something, nobody being in it yet."""
        bought = {"fact": "purchases.count", "op": "gte", "value": 1}
        return self._add(Segment(**({"name": f"Segment {next(_numbers)}", "definition": bought} | values)))

    def segment_member(self, segment_id: int, member: Member, *, since: datetime = LONG_AGO) -> SegmentMember:
        """A member in a segment, whatever its question says."""
        return self._add(SegmentMember(segment_id=segment_id, member_id=member.id, since=since))

    def template(self, channel: str = Channel.EMAIL, **values: Any) -> Template:
        """A template with one saved version. `html` and `text` are the version's, as if saved and inlined already."""
        body = values.pop("text", "Hello {{ member.first_name }}!")
        html = values.pop("html", f"<html><body><p>{body}</p></body></html>" if channel == Channel.EMAIL else None)
        subject = "A reward is waiting" if channel == Channel.EMAIL else None
        defaults = {"name": f"Template {next(_numbers)}", "channel": channel, "subject": subject, "body": body}
        template = self._add(Template(**(defaults | values)))
        version = TemplateVersion(template_id=template.id, number=1, subject=template.subject, html=html, text=body)
        self._add(version)
        return template

    def reward(self, *, channels: Iterable[str] = (), currency: Currency | None = None, **values: Any) -> Reward:
        """A free coffee for ten points; with `channels` it speaks, at once and at any hour."""
        channels = list(channels)
        defaults = {
            "name": "Free coffee",
            "currency_id": (currency or self.currency()).id,
            "threshold": 10,
            "cost": 10,
            "discount": {"item": "coffee"},
            "messages_enabled": bool(channels),
            "message_delay_minutes": 0,
        }
        reward = self._add(Reward(**(defaults | values)))
        for channel in channels:
            self._add(RewardChannel(reward_id=reward.id, channel=channel, template_id=self.template(channel).id))
        return reward

    def reward_event(
        self,
        member: Member | None = None,
        *,
        reward: Reward | None = None,
        channels: Iterable[str] = (),
        at: datetime = LONG_AGO,
        **values: Any,
    ) -> RewardEvent:
        """The moment a member unlocked a reward (a new one that speaks on `channels`, unless given)."""
        number = next(_numbers)
        defaults = {
            "reward_id": (reward or self.reward(channels=channels)).id,
            "member_id": (member or self.member()).id,
            "number": 1,
            "code": f"CODE{number}",
            "unlocked_at": at,
            "valid_until": at + timedelta(days=30),
        }
        return self._add(RewardEvent(**(defaults | values)))

    def gateway(self, channel: str = Channel.EMAIL, *, credentials: bytes = b"", **values: Any) -> GatewayAccount:
        """A gateway whose credentials are the bytes given: encrypt them yourself where they are read."""
        provider = {"email": "smtp", "sms": "twilio"}.get(channel, "played")
        defaults = {"channel": channel, "provider": provider, "credentials": credentials, "sender": "cafe@example.com"}
        return self._add(GatewayAccount(**(defaults | values)))

    def message(self, member: Member | None = None, **values: Any) -> Message:
        """A planned reward message by e-mail, due long ago."""
        number = next(_numbers)
        defaults = {
            "member_id": (member or self.member()).id,
            "cause": "reward:1",
            "occasion": f"reward_event:{number}",
            "channel": Channel.EMAIL,
            "topic": Topic.REWARDS,
            "lane": "instant",
            "due_at": LONG_AGO,
        }
        return self._add(Message(**(defaults | values)))

    def event(self, kind: str = "custom.made", member: Member | None = None, **values: Any) -> Event:
        defaults = {"type": kind, "member_id": member.id if member else None, "occurred_at": LONG_AGO}
        return self._add(Event(**(defaults | values)))

    def _add_to_balance(self, member: Member, currency: Currency, points: int) -> None:
        key = {"tenant_id": member.tenant_id, "member_id": member.id, "currency_id": currency.id}
        balance = self.session.get(Balance, key)
        if balance is None:
            self._add(Balance(member_id=member.id, currency_id=currency.id, available=points, pending=0))
        else:
            balance.available += points
            self.session.flush()

    def _add(self, row: Row) -> Row:
        self.session.add(row)
        self.session.flush()
        return row
