"""Sentences of the rules that a page may say in another language: words with gaps, and what fills the gaps."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from domain.errors import Unacceptable


@dataclass(frozen=True, slots=True)
class Sentence:
    """English words, with `%(name)s` where something of `values` stands. `str()` fills them."""

    words: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.words % self.values if self.values else self.words


class Unsuitable(Unacceptable):
    """A refusal whose sentence can be said in another language."""

    def __init__(self, sentence: Sentence) -> None:
        super().__init__(str(sentence))
        self.sentence = sentence


def say(words: str, **values: Any) -> Sentence:
    """A sentence. The words stand here as they are, so that the catalogues of translations find them."""
    return Sentence(words, values)
