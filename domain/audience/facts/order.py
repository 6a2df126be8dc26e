"""Which question is asked first: what few members fulfil and is quickly looked up narrows all that follows."""

from domain.audience.facts import FACTS
from domain.audience.facts.fact import Asked
from domain.trees import LONGEST_WINDOW, Tree

_FEW = ("eq", "in", "contains", "starts_with", "within_days", "between")
_BROAD = ("member.language", "member.locale", "member.timezone", "member.country")
_LATE = 6.0
LAST = (9.0, "")
# A product is in few receipts, a category in more; other fields are looked up receipt by receipt.
_SHARE = {"product": 0.1, "category": 0.25}


def rank(leaf: Tree) -> tuple[float, str]:
    """Sorts questions; those that look at the same rows come one after the other."""
    return _expected(leaf), Asked.of(leaf).key


def _expected(leaf: Tree) -> float:
    fact = FACTS[leaf["fact"]]
    if fact.family in ("groups", "tier"):
        return 0
    if fact.family == "profile":
        return 1 if leaf["op"] in _FEW and fact.name not in _BROAD else _LATE
    where = leaf.get("where") or {}
    if fact.family == "purchases" and not leaf.get("window_days") and not where:
        return 1.5 if leaf["op"] == "within_days" else 5
    others = [field for field in where if field != "channel"]
    if fact.family == "purchases" and not others:
        return 2.5  # the days of all windows are summed up in one pass
    share = min((_SHARE.get(field, 1.5) for field in others), default=1.5)
    return 2 + share * (leaf.get("window_days") or LONGEST_WINDOW) / LONGEST_WINDOW
