"""What a till prints for the guest and shows to the cashier, in the café's language."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class _Words:
    earned: str
    balance: str
    unlocked: str
    show: str


_WORDS = {
    "en": _Words(
        earned="+{points} {currency}",
        balance="Balance: {points} {currency}",
        unlocked="Reward unlocked: {name}",
        show="{name} unlocked. Code {code}",
    ),
    "de": _Words(
        earned="+{points} {currency}",
        balance="Guthaben: {points} {currency}",
        unlocked="Prämie freigeschaltet: {name}",
        show="{name} freigeschaltet. Code {code}",
    ),
}


@dataclass(frozen=True, slots=True)
class Prize:
    """An unlocked reward as the till tells it."""

    name: str
    code: str


def receipt(answer: Mapping[str, Any], prizes: Sequence[Prize], locale: str) -> list[str]:
    """Points earned, balances, unlocked rewards: lines for the guest's receipt."""
    words = _words(locale)
    return [*_earned(answer, words), *balances(answer, locale), *(words.unlocked.format(name=p.name) for p in prizes)]


def cashier(answer: Mapping[str, Any], prizes: Sequence[Prize], locale: str) -> list[str]:
    """What the person at the till should say: unlocked rewards first, then the balance."""
    words = _words(locale)
    shown = [words.show.format(name=prize.name, code=prize.code) for prize in prizes]
    return [*shown, *balances(answer, locale)]


def balances(answer: Mapping[str, Any], locale: str) -> list[str]:
    """A line per balance."""
    words = _words(locale)
    return [words.balance.format(points=each["available"], currency=each["currency"]) for each in answer["balances"]]


def _earned(answer: Mapping[str, Any], words: _Words) -> list[str]:
    return [words.earned.format(points=each["earned"], currency=each["currency"]) for each in answer["points"]]


def _words(locale: str) -> _Words:
    return _WORDS.get(locale[:2], _WORDS["en"])
