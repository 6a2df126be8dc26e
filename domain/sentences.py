"""Sentences of the rules that a page may say in another language: words with gaps, and what fills the gaps."""

from collections.abc import Mapping
from typing import Any


class Sentence(str):
    """English, ready to be read. `words` is the same with `%(name)s` where something of `values` stands, for whoever
    says it in another language; a value may be a sentence in turn. A sentence made of a sentence is that one."""

    __slots__ = ("values", "words")

    words: str
    values: Mapping[str, Any]

    def __new__(cls, words: str, values: Mapping[str, Any] | None = None) -> "Sentence":
        """Fill the gaps of `words`."""
        if isinstance(words, Sentence) and values is None:
            return words
        made = super().__new__(cls, words % values if values else words)
        made.words, made.values = str(words), dict(values or {})
        return made


def say(words: str, /, **values: Any) -> Sentence:
    """A sentence. The words stand here as they are, so that the catalogues of translations find them."""
    return Sentence(words, values)
