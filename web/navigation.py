"""The main menu: the pages that exist, and that the person may see."""

from dataclasses import dataclass

from flask import Flask, current_app, request
from flask_babel import lazy_gettext as _l

from web.access import may


@dataclass(frozen=True, slots=True)
class Entry:
    """One page of the menu. `room` is the blueprint whose pages it stands for; those of `also` belong to it."""

    endpoint: str
    label: str
    icon: str
    permission: str
    also: tuple[str, ...] = ()

    @property
    def room(self) -> str:
        return self.endpoint.partition(".")[0]

    @property
    def is_here(self) -> bool:
        return request.blueprint in (self.room, *self.also)


MENU: tuple[tuple[str, tuple[Entry, ...]], ...] = (
    (
        "",
        (
            Entry("home.show", _l("Home"), "home", "see_home"),
            Entry("members.index", _l("Members"), "users", "see_members", also=("imports",)),
        ),
    ),
    (_l("Talk"), (Entry("messages.index", _l("Messages"), "messages", "see_messages"),)),
    (
        _l("Build"),
        (
            Entry("rewards.index", _l("Rewards"), "gift", "see_rewards"),
            Entry("segments.index", _l("Segments"), "chart-donut-3", "see_members"),
            Entry("tags.index", _l("Tags"), "tags", "see_members"),
        ),
    ),
    (
        _l("System configuration"),
        (
            Entry("loyalty_management.show", _l("Loyalty management"), "heart", "see_settings"),
            Entry("settings.cafe", _l("Settings"), "settings", "see_settings"),
        ),
    ),
)


def init_app(app: Flask) -> None:
    """Offer the menu to the layout."""
    app.jinja_env.globals["menu"] = menu


def menu() -> list[tuple[str, list[Entry]]]:
    """The groups of the menu with the entries that lead somewhere for this person."""
    groups = [(title, [entry for entry in entries if _leads_somewhere(entry)]) for title, entries in MENU]
    return [(title, entries) for title, entries in groups if entries]


def _leads_somewhere(entry: Entry) -> bool:
    return entry.endpoint in current_app.view_functions and may(entry.permission)
