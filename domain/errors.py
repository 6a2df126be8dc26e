"""What a rule says when it says no. Doors turn these into answers: problem documents, words beside a field."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.sentences import Sentence


@dataclass(frozen=True)
class FieldError:
    """One thing wrong with one input: `path` as in the request (`items.0.amount`), `message` for people.

    What a person can meet on a page is a `Sentence`, so that the page can say it in their language.
    """

    path: str
    message: str


class Refusal(Exception):
    """A rule refused what was asked. `detail` is a sentence that says what to do; nothing was written."""

    status = 422
    title = "Not acceptable"

    def __init__(self, detail: str, errors: Sequence[FieldError] = ()) -> None:
        super().__init__(detail)
        self.detail = Sentence(detail)
        self.errors = list(errors)

    @classmethod
    def at(cls, path: str, message: str) -> "Refusal":
        """A refusal that concerns one field."""
        return cls(message, [FieldError(path, message)])


class Malformed(Refusal):
    """Could not be read at all."""

    status = 400
    title = "Malformed"


class NotFound(Refusal):
    """Not there, or another café's: never told apart."""

    status = 404
    title = "Not found"


class Conflict(Refusal):
    """Understood, but it contradicts what already stands."""

    status = 409
    title = "Conflict"


class TooLarge(Refusal):
    """More than one request may carry."""

    status = 413
    title = "Too large"


class Unacceptable(Refusal):
    """Understood, but not acceptable."""
