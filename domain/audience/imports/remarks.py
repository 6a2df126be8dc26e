"""What is said about a row of a file: refused, or saved with a warning."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from domain.sentences import Sentence


@dataclass(frozen=True, slots=True)
class Remark:
    """One cell, or a row as such (`field` is ""), and what is to be said about it. `row` is the row's number among
    those with content, `line` its line in the file, `cells` how it stood there."""

    row: int
    line: int
    field: str
    sentence: Sentence
    is_refusal: bool = True
    cells: Sequence[str] | None = None


def told(remark: Any) -> dict[str, Any]:
    """A stored remark as the console tells it: `{line, column, reason}`."""
    reason = str(Sentence(remark.words, remark.values))
    return {"line": remark.line, "column": remark.field, "reason": reason}
