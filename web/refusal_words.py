"""What the rules say, in the language of the page. Every page that shows a refusal gets its words from here."""

from typing import Any

from flask_babel import gettext as _

from domain.sentences import Sentence


def in_words(said: str) -> str:
    """A sentence of the rules with what stands in it; words of a page itself stay as they are."""
    if not isinstance(said, Sentence) or not said:
        return said
    return _(said.words, **{name: _value(value) for name, value in said.values.items()})


def _value(value: Any) -> Any:
    return in_words(value) if isinstance(value, str) else value
