"""Ideas for segments: rules that many cafés use, ready to be opened in the editor and saved."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from flask_babel import lazy_gettext as _l


@dataclass(frozen=True, slots=True)
class Idea:
    """A rule that is ready: its name, why one wants it, and its tree."""

    name: str
    why: str
    icon: str
    tree: Mapping[str, Any]


def _all(*leaves: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"all": list(leaves)}


def _leaf(fact: str, op: str, value: Any = None, **more: Any) -> Mapping[str, Any]:
    return {"fact": fact, "op": op, **({} if value is None else {"value": value}), **more}


IDEAS: Mapping[str, Idea] = MappingProxyType(
    {
        "birthday": Idea(
            _l("Birthday in the next 7 days"),
            _l("The one message everybody is glad to get."),
            "cake",
            _all(_leaf("member.birthday", "within_days", 7)),
        ),
        "almost": Idea(
            _l("Almost at the next reward"),
            _l("Ten points are missing: one visit, if they know it."),
            "gift",
            _all(_leaf("rewards.points_to_next", "lte", 10)),
        ),
        "no_second": Idea(
            _l("Joined, but never bought"),
            _l("A card in the pocket is not yet a cup on the table."),
            "cup",
            _all(_leaf("purchases.count", "eq", 0), _leaf("member.joined_on", "more_than_days_ago", 14)),
        ),
    }
)
