"""A signed body as something PostgreSQL can keep: whatever was sent, it can be shown to the owner."""

import json
import math
from typing import Any

_DEEPEST = 32


def read_object(raw: bytes) -> dict[str, Any] | None:
    """The JSON object in these bytes, or None when it is none, has NaN or Infinity, or is nested deeper than 32.

    Characters that PostgreSQL can't keep (NUL, halves of surrogate pairs) become U+FFFD: a name with one of them must
    not cost a sale.
    """
    try:
        value = _kept(json.loads(raw.decode("utf-8")), depth=0)
    except (ValueError, RecursionError):  # not UTF-8, not JSON, or not to be kept
        return None
    return value if isinstance(value, dict) else None


def as_text(raw: bytes) -> dict[str, str]:
    """Bytes that are no JSON object, kept as the text they look like."""
    return {"text": _clean(raw.decode("utf-8", "replace"))}


def _kept(value: Any, *, depth: int) -> Any:
    if depth > _DEEPEST:
        raise ValueError("nested too deep")
    if isinstance(value, dict):
        return {_clean(name): _kept(each, depth=depth + 1) for name, each in value.items()}
    if isinstance(value, list):
        return [_kept(each, depth=depth + 1) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("not a number of JSON")
    return _clean(value) if isinstance(value, str) else value


def _clean(text: str) -> str:
    return text.replace("\x00", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
