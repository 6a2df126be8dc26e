"""Ready-made texts and e-mails to start from: nothing to code, the café's name and colours come by themselves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from babel.numbers import format_percent

from domain.content.placeholders import Occasion
from domain.errors import NotFound
from domain.money import format_money, to_minor
from domain.sentences import say

REWARD_TEXT = "You've unlocked a reward! Come in and get {{ reward.discount }} off your entire purchase."
REWARD_ITEM_TEXT = "You've unlocked a reward! Come in and get your free {{ reward.discount }}."
REWARD_SUBJECT = "You've unlocked a reward!"
MEMBERS_MONDAY_TEXT = (
    "It's Members' Monday! {{ campaign.discount }} discount on all {{ campaign.category }} – only for our members."
)
BALANCES_TEXT = (
    "{% if balances %}Waiting for you: {% for balance in balances %}{{ balance.amount }} {{ balance.name }}"
    "{% if not loop.last %}, {% endif %}{% endfor %}.{% else %}Every visit earns you points.{% endif %}"
)


@dataclass(frozen=True)
class Design:
    """One to choose in the gallery. `blocks` as `blocks.parse` reads them."""

    key: str
    name: str
    words: str
    occasion: Occasion
    subject: str
    blocks: Sequence[Mapping[str, Any]]


def reward_text(discount: Mapping[str, Any]) -> str:
    """The default body of a reward's message: a sentence that reads well for this kind of discount."""
    return REWARD_ITEM_TEXT if "item" in discount else REWARD_TEXT


def discount_words(discount: Mapping[str, Any], *, currency: str, locale: str) -> str:
    """What `reward.discount` says: "10%", "€2.00", or the item's name."""
    locale = locale.replace("-", "_")
    if "percent" in discount:
        return format_percent(Decimal(str(discount["percent"])) / 100, locale=locale, decimal_quantization=False)
    if "amount" in discount:
        return format_money(to_minor(str(discount["amount"]), currency), currency, locale)
    return str(discount["item"])


def reward_blocks(discount: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The default e-mail of a reward, with the default body in it."""
    return [
        _heading("A little something for you"),
        _text(reward_text(discount)),
        {"type": "reward_card"},
        _button("See my points and rewards"),
    ]


def get(key: str) -> Design:
    """The design of that key, or `NotFound`."""
    for each in DESIGNS:
        if each.key == key:
            return each
    raise NotFound(say("There is no design “%(key)s”.", key=key))


def _heading(text: str, level: int = 1) -> dict[str, Any]:
    return {"type": "heading", "text": text, "level": level}


def _text(text: str, align: str = "left") -> dict[str, Any]:
    return {"type": "text", "text": text, "align": align}


def _button(text: str) -> dict[str, Any]:
    return {"type": "button", "text": text, "url": "{{ links.card }}"}


def _look(paper: str, *, serif: bool = True) -> dict[str, Any]:
    return {"type": "look", "paper": paper, "serif": serif}


_DIVIDER = {"type": "divider"}
_SPACER = {"type": "spacer", "height": 16}

DESIGNS: tuple[Design, ...] = (
    Design(
        "reward-card",
        "Reward card",
        "The reward as a card with its code, ready to show at the till",
        Occasion.REWARD,
        REWARD_SUBJECT,
        reward_blocks({"percent": "10"}),
    ),
    Design(
        "reward-note",
        "Handwritten note",
        "A short personal note without pictures",
        Occasion.REWARD,
        'A thank-you for you, {{ member.first_name | default("friend") }}',
        [
            _text('Dear {{ member.first_name | default("friend") }},'),
            _text(REWARD_TEXT),
            _text("Your code is <b>{{ reward.code }}</b>.\n\nSee you soon,\n{{ cafe.name }}"),
            _look("#ffffff"),
        ],
    ),
    Design(
        "welcome",
        "Welcome",
        "The first e-mail after joining",
        Occasion.ANY,
        "Welcome to {{ cafe.name }}",
        [
            _heading('Good to have you, {{ member.first_name | default("friend") }}'),
            _text("From now on every visit earns you points. Show your card at the till, we do the rest."),
            _button("Open my card"),
        ],
    ),
    Design(
        "members-monday",
        "Members' day",
        "One offer, one day, only for members",
        Occasion.CAMPAIGN,
        "{{ campaign.discount }} for members",
        [
            _heading("{{ campaign.name }}"),
            _text(MEMBERS_MONDAY_TEXT, "center"),
            _button("Open my card"),
            _look("#f1f5ee", serif=False),
        ],
    ),
    Design(
        "we-miss-you",
        "We miss you",
        "For guests who have not been here for a while",
        Occasion.ANY,
        "Your table is still free",
        [
            _heading("It has been a while"),
            _text('We would love to see you again, {{ member.first_name | default("friend") }}.'),
            _SPACER,
            _text(BALANCES_TEXT),
            _button("See what they are worth"),
            _look("#f6f1f3"),
        ],
    ),
    Design(
        "points-expiring",
        "Points about to expire",
        "A reminder before points are lost",
        Occasion.LOT,
        "{{ lot.amount }} {{ lot.currency }} expire soon",
        [
            _heading("Use them while they are fresh"),
            _text('{{ lot.amount }} {{ lot.currency }} can be used until {{ lot.expires_on | date("long") }}.'),
            _DIVIDER,
            _button("See my rewards"),
            _look("#fbf3e6"),
        ],
    ),
    Design(
        "news",
        "News from the café",
        "A newsletter: a headline, a story, an invitation",
        Occasion.ANY,
        "News from {{ cafe.name }}",
        [
            _heading("What is new"),
            _text("Tell your guests what has changed: a new roast, an exhibition, other opening hours."),
            _DIVIDER,
            _heading("Come by", 2),
            _text("And when: day, time, place."),
            _button("My card"),
            _look("#faf6ef", serif=False),
        ],
    ),
)
