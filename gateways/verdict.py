"""What an answer of a provider means for a message, before it is said of which."""

from dataclasses import dataclass

from domain.delivery.ports import SendOutcome


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a message: as in `SendResult`, without the message."""

    outcome: SendOutcome
    detail: str = ""
    retry_after: int | None = None
    suppress: str | None = None


def printable(text: str) -> str:
    """One line without control characters, cut at 300."""
    return "".join(each if each.isprintable() else " " for each in text)[:300].strip()
