"""The gaps an owner may leave in a text: their names, words for people, examples, and when they exist.

The registry is the only list of placeholders. The editor, the check on saving, previews and the API read it.
"""

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import cached_property, lru_cache, reduce
from typing import Any, NamedTuple

from domain.sentences import Sentence, say


class Occasion(StrEnum):
    """What made a message: it decides which placeholders have a value. `ANY`: not decided yet, so all may be used."""

    ANY = "any"
    REWARD = "reward"
    PURCHASE = "purchase"
    POINTS = "points"
    LOT = "lot"
    TIER = "tier"
    REFERRAL = "referral"
    CAMPAIGN = "campaign"


_ABOUT = {
    Occasion.REWARD: say("a reward"),
    Occasion.PURCHASE: say("a purchase"),
    Occasion.POINTS: say("points"),
    Occasion.LOT: say("points that expire"),
    Occasion.TIER: say("a tier"),
    Occasion.REFERRAL: say("a referral"),
    Occasion.CAMPAIGN: say("a campaign"),
}


class Type(StrEnum):
    """What kind of value fills a placeholder; it decides how the value is written and what it compares with."""

    TEXT = "text"
    NUMBER = "number"
    MONEY = "money"
    DATE = "date"
    URL = "url"
    LIST = "list"


class Amount(NamedTuple):
    """The value of a money placeholder: whole minor units and an ISO 4217 code."""

    minor: int
    currency: str


@dataclass(frozen=True)
class Placeholder:
    """One gap. `occasions` empty means it exists in every message; `fields` are those of a list's items, by name."""

    name: str
    words: str
    example: Any = field(hash=False)
    type: Type = Type.TEXT
    occasions: frozenset[Occasion] = frozenset()
    fields: tuple["Placeholder", ...] = ()
    absent: Any = field(default=..., hash=False)  # what a member without this has; `...`: it must be given

    @property
    def is_always_there(self) -> bool:
        """Whether every message has it, whatever made the message."""
        return not self.occasions

    def field_named(self, name: str) -> "Placeholder | None":
        """A field of a list's items."""
        return next((each for each in self.fields if each.name == name), None)


def _placeholder(name: str, words: str, example: Any, type: Type = Type.TEXT, *occasions: Occasion) -> Placeholder:
    return Placeholder(name, words, example, type, frozenset(occasions))


_SALE = (Occasion.PURCHASE, Occasion.POINTS)

_ITEM_FIELDS = (
    Placeholder("name", "What was bought", "Cappuccino"),
    Placeholder("quantity", "How many", 2, Type.NUMBER),
    Placeholder("amount", "What it cost", Amount(840, "EUR"), Type.MONEY),
)
_BALANCE_FIELDS = (
    Placeholder("name", "Name of the point currency", "points"),
    Placeholder("amount", "Available amount", 300, Type.NUMBER),
)

REGISTRY: tuple[Placeholder, ...] = (
    _placeholder("member.first_name", "First name", "Leonie"),
    _placeholder("member.last_name", "Last name", "Huber"),
    _placeholder("member.full_name", "First and last name", "Leonie Huber"),
    _placeholder("member.email", "E-mail address", "leonie@example.com"),
    _placeholder("member.phone", "Phone number", "+436601234567"),
    _placeholder("member.card", "Card number", "40012345"),
    _placeholder("member.birthday", "Birthday", date(1991, 5, 17), Type.DATE),
    _placeholder("member.joined_on", "Member since", date(2025, 3, 2), Type.DATE),
    Placeholder(
        "balances",
        "All balances of the guest, one after the other",
        [{"name": "bonus points", "amount": 300}, {"name": "stars", "amount": 52}],
        Type.LIST,
        fields=_BALANCE_FIELDS,
    ),
    Placeholder("tier.name", "Tier", "Gold", absent=None),
    _placeholder("tier.previous", "Tier before", "Silver", Type.TEXT, Occasion.TIER),
    _placeholder("cafe.name", "Name of the café", "Café Aurora"),
    _placeholder("cafe.address", "Postal address of the café", "Lindengasse 4, 1070 Wien"),
    _placeholder("links.unsubscribe", "Link: no more of these e-mails", "https://example.com/u/example", Type.URL),
    _placeholder("links.preferences", "Link: what I receive", "https://example.com/p/example", Type.URL),
    _placeholder("links.browser", "Link: read this e-mail in the browser", "https://example.com/v/example", Type.URL),
    _placeholder("links.card", "Link: my card, points and rewards", "https://example.com/p/example", Type.URL),
    _placeholder("reward.name", "Name of the reward", "Ten percent thank-you", Type.TEXT, Occasion.REWARD),
    _placeholder("reward.discount", "What the guest gets", "10%", Type.TEXT, Occasion.REWARD),
    _placeholder("reward.code", "Code to show at the till", "K7QF-2M9D", Type.TEXT, Occasion.REWARD),
    _placeholder("reward.threshold", "Points that unlock it", 100, Type.NUMBER, Occasion.REWARD),
    _placeholder("reward.cost", "Points it costs", 100, Type.NUMBER, Occasion.REWARD),
    _placeholder("reward.valid_until", "Last day it can be used", date(2026, 6, 30), Type.DATE, Occasion.REWARD),
    _placeholder("purchase.amount", "Amount of the purchase", Amount(1250, "EUR"), Type.MONEY, *_SALE),
    _placeholder("purchase.currency", "Currency of the purchase", "EUR", Type.TEXT, *_SALE),
    _placeholder("purchase.date", "Day of the purchase", date(2026, 5, 4), Type.DATE, *_SALE),
    _placeholder("purchase.earned", "Points earned by it", 12, Type.NUMBER, *_SALE),
    Placeholder(
        "purchase.items",
        "What was bought, line by line",
        [{"name": "Cappuccino", "quantity": 2, "amount": Amount(840, "EUR")}],
        Type.LIST,
        frozenset(_SALE),
        _ITEM_FIELDS,
    ),
    _placeholder("discount.amount", "Discount on the purchase, as a number", 351, Type.NUMBER, *_SALE),
    _placeholder("discount.currency", "Currency of the discount", "EUR", Type.TEXT, *_SALE),
    _placeholder("location.name", "Name of the shop", "Neubau", Type.TEXT, *_SALE, Occasion.REWARD),
    _placeholder("location.address", "Address of the shop", "Lindengasse 4", Type.TEXT, *_SALE, Occasion.REWARD),
    _placeholder("points.amount", "Points added or taken", 25, Type.NUMBER, Occasion.POINTS),
    _placeholder("points.currency", "Name of these points", "points", Type.TEXT, Occasion.POINTS),
    _placeholder("points.reason", "Why they changed", "Birthday gift", Type.TEXT, Occasion.POINTS),
    _placeholder("lot.amount", "Points concerned", 40, Type.NUMBER, Occasion.LOT),
    _placeholder("lot.currency", "Name of these points", "points", Type.TEXT, Occasion.LOT),
    _placeholder("lot.activates_on", "Day they become usable", date(2026, 6, 1), Type.DATE, Occasion.LOT),
    _placeholder("lot.expires_on", "Last day they can be used", date(2026, 6, 30), Type.DATE, Occasion.LOT),
    _placeholder("referral.name", "Who was recommended", "Jonas", Type.TEXT, Occasion.REFERRAL),
    _placeholder("campaign.name", "Name of the campaign", "Members' Monday", Type.TEXT, Occasion.CAMPAIGN),
    _placeholder("campaign.discount", "Discount of the campaign", "25%", Type.TEXT, Occasion.CAMPAIGN),
    _placeholder("campaign.category", "What it applies to", "hot drinks", Type.TEXT, Occasion.CAMPAIGN),
    _placeholder("campaign.ends_on", "Last day of the campaign", date(2026, 6, 30), Type.DATE, Occasion.CAMPAIGN),
)

OPENED = "links.opened"


def clicked(number: int) -> str:
    """The name of a wording's counted link, counting from 0."""
    return f"links.clicked_{number}"


_BALANCE = re.compile(r"balance\.([a-z][a-z0-9_]*)")
_ATTRIBUTE = re.compile(r"member\.attributes\.([A-Za-z][A-Za-z0-9_]*)")
_NAMED = {each.name: each for each in REGISTRY}


@dataclass(frozen=True)
class Catalogue:
    """The placeholders one text may use. None as `currencies` means: whatever code there could be."""

    occasion: Occasion = Occasion.ANY
    currencies: frozenset[str] | None = None
    counted: int | None = None  # how many counted links our own hand put in; an owner's text has none

    def find(self, name: str) -> Placeholder | None:
        """The placeholder of that dotted name, or None if it is unknown or has no value in this occasion."""
        found = _NAMED.get(name) or self._balance(name) or _attribute(name) or self._counted(name)
        return found if found and self._has(found) else None

    def why_not(self, name: str) -> Sentence:
        """What to tell the owner about a name that `find` does not know: why, and what may have been meant."""
        if known := _NAMED.get(name):
            when = reduce(_or, (_ABOUT[each] for each in sorted(known.occasions)))
            return say("“%(name)s” has no value here: it exists only in messages about %(when)s.", name=name, when=when)
        unknown, guess = say("There is no placeholder “%(name)s”.", name=name), self._guess(name)
        return say("%(words)s Did you mean “%(guess)s”?", words=unknown, guess=guess) if guess else unknown

    @cached_property
    def placeholders(self) -> tuple[Placeholder, ...]:
        """All of them, for lists to choose from: the registry's and one balance per currency of the café."""
        balances = [_balance_in(code) for code in sorted(self.currencies or ())]
        return tuple(each for each in (*REGISTRY, *balances) if self._has(each))

    def _has(self, placeholder: Placeholder) -> bool:
        return self.occasion in (Occasion.ANY, *placeholder.occasions) or placeholder.is_always_there

    def _balance(self, name: str) -> Placeholder | None:
        match = _BALANCE.fullmatch(name)
        if match and (self.currencies is None or match[1] in self.currencies):
            return _balance_in(match[1])
        return None

    def _counted(self, name: str) -> Placeholder | None:
        if self.counted is None or name not in (OPENED, *map(clicked, range(self.counted))):
            return None
        return Placeholder(name, "A counted link", "", Type.URL)

    def _guess(self, name: str) -> str | None:
        names = [each.name for each in self.placeholders]
        if close := difflib.get_close_matches(name, names, n=1, cutoff=0.6):
            return close[0]
        endings = {each.rpartition(".")[2]: each for each in reversed(names)}
        close = difflib.get_close_matches(name.rpartition(".")[2], list(endings), n=1, cutoff=0.75)
        return endings[close[0]] if close else None


def catalogue(occasion: Occasion | str = Occasion.ANY, currencies: Iterable[str] | None = None) -> Catalogue:
    """The placeholders of one occasion in a café with these point currencies (None: any)."""
    return _catalogue(Occasion(occasion), None if currencies is None else frozenset(currencies))


@lru_cache(maxsize=256)
def _catalogue(occasion: Occasion, currencies: frozenset[str] | None) -> Catalogue:
    return Catalogue(occasion, currencies)


def filled(names: Iterable[str], values: Mapping[str, Any]) -> dict[str, Any]:
    """`values` by dotted name; for those of `names` that are missing the registry's example."""
    anything = catalogue()
    examples = {name: known.example for name in names if name not in values and (known := anything.find(name))}
    return examples | dict(values)


def _balance_in(code: str) -> Placeholder:
    return Placeholder(f"balance.{code}", f"Balance: {code}", 300, Type.NUMBER, absent=0)


def _attribute(name: str) -> Placeholder | None:
    match = _ATTRIBUTE.fullmatch(name)
    return Placeholder(name, f"Own field: {match[1]}", "…", absent=None) if match else None


def _or(one: Sentence, other: Sentence) -> Sentence:
    return say("%(one)s or %(other)s", one=one, other=other)
