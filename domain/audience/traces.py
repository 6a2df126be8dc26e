"""Where a person's name and addresses may stand in words that others wrote, and how they are taken out of them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import phonenumbers

from models.member import Member

GONE = "…"
SHORTEST_INSIDE = 5  # a card "12" is recognised where it stands alone, not inside other numbers
_APART = r"[\s().\-/]*"


@dataclass(frozen=True)
class Person:
    """How somebody can be recognised: by what belongs to nobody else (`keys`), and by names that others have too."""

    emails: tuple[str, ...]
    phones: tuple[str, ...]  # E.164
    numbers: tuple[str, ...]  # external ids and cards
    first_name: str
    last_name: str
    birthday: str

    @classmethod
    def of(cls, member: Member, also: Iterable[tuple[str, str]] = ()) -> "Person":
        """A member; `also` are further addresses and numbers of theirs as `(kind, value)`."""
        known = [("email", member.email), ("phone", member.phone), ("card", member.card)]
        known += [("external_id", member.external_id), *also]
        return cls(
            emails=tuple(value for kind, value in known if kind == "email" and value),
            phones=tuple(value for kind, value in known if kind == "phone" and value),
            numbers=tuple(value for kind, value in known if kind in ("card", "external_id") and value),
            first_name=member.first_name or "",
            last_name=member.last_name or "",
            birthday=member.birthday.isoformat() if member.birthday else "",
        )

    @property
    def digits(self) -> list[str]:
        """Their phone numbers as they stand in any spelling, once everything but digits is taken out."""
        return [_national(phone) for phone in self.phones]

    @property
    def needles(self) -> list[str]:
        """What a text must hold, in lower case, to be looked at: addresses, numbers, and the two names."""
        alone = [f'"{each}"' for each in self.numbers if each not in self._long_numbers]  # as JSON writes it
        return [each.lower() for each in (*self.emails, *self._long_numbers, *alone, self.last_name) if each]

    @property
    def _long_numbers(self) -> tuple[str, ...]:
        return tuple(each for each in self.numbers if len(each) >= SHORTEST_INSIDE)

    def is_meant_by(self, text: str) -> bool:
        """Whether a text holds something that belongs to nobody else, or both names."""
        return text in self.numbers or bool(self._keys and self._keys.search(text))

    def without(self, text: str) -> str:
        """The text with what belongs to nobody else, and the full name, taken out."""
        if text in self.numbers:
            return GONE
        return self._keys.sub(GONE, text) if self._keys else text

    def taken_out(self, value: Any, *, is_theirs: bool = False) -> Any:
        """A JSON value without the person. Where something is about them, their single names go too.

        An object or a list is about them when it holds one of their keys, and then so is everything below it.
        """
        if isinstance(value, str):
            text = self.without(value)
            return self._names.sub(GONE, text) if is_theirs and self._names else text
        if isinstance(value, list):
            mine = is_theirs or self._is_named_in(value)
            return [self.taken_out(each, is_theirs=mine) for each in value]
        if isinstance(value, dict):
            mine = is_theirs or self._is_named_in(value.values())
            return {name: self.taken_out(each, is_theirs=mine) for name, each in value.items()}
        return value

    def blanked(self, value: Any) -> Any:
        """A JSON value in which every text is gone from the objects and lists that are about the person."""
        if isinstance(value, str):
            return self.without(value)
        if isinstance(value, list):
            return _without_texts(value) if self._is_named_in(value) else [self.blanked(each) for each in value]
        if isinstance(value, dict):
            if self._is_named_in(value.values()):
                return _without_texts(value)
            return {name: self.blanked(each) for name, each in value.items()}
        return value

    def _is_named_in(self, values: Iterable[Any]) -> bool:
        return any(self.is_meant_by(each) for each in values if isinstance(each, str))

    @cached_property
    def _keys(self) -> re.Pattern[str] | None:
        parts = [re.escape(each) for each in (*self.emails, *self._long_numbers)]
        parts += [_APART.join(_national(phone)) for phone in self.phones]
        if self.first_name and self.last_name:
            first, last = re.escape(self.first_name), re.escape(self.last_name)
            parts += [rf"\b{first}\W+{last}\b", rf"\b{last}\W+{first}\b"]
        return _any_of(parts)

    @cached_property
    def _names(self) -> re.Pattern[str] | None:
        names = [re.escape(each) for each in (self.first_name, self.last_name, self.birthday) if len(each) > 1]
        return _any_of([rf"\b{each}\b" for each in names])


def _any_of(parts: list[str]) -> re.Pattern[str] | None:
    longest_first = sorted(parts, key=len, reverse=True)
    return re.compile("|".join(longest_first), re.IGNORECASE) if parts else None


def _national(phone: str) -> str:
    return str(phonenumbers.parse(phone).national_number)


def _without_texts(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_texts(each) for each in value]
    if isinstance(value, dict):
        return {name: _without_texts(each) for name, each in value.items()}
    return GONE if isinstance(value, str) else value
