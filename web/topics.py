"""What the search finds among the pages: every screen with the words people use for it, in both languages."""

import re
import unicodedata
from dataclasses import dataclass

from flask import current_app, url_for
from flask_babel import lazy_gettext as _l

from web.access import may

_BREAKS = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Topic:
    """A screen, or a part of one: where it is, what it is called, who may see it, and by which words it is found."""

    endpoint: str
    title: str
    icon: str
    permission: str
    words: tuple[str, ...]
    anchor: str | None = None

    @property
    def url(self) -> str:
        return url_for(self.endpoint, _anchor=self.anchor)

    @property
    def is_open(self) -> bool:
        """Whether the screen is there and the person may see it."""
        return self.endpoint in current_app.view_functions and may(self.permission)


TOPICS: tuple[Topic, ...] = (
    Topic("home.show", _l("Home"), "home", "see_home",
          ("home", "start", "today", "heute", "Startseite", "Übersicht", "dashboard", "visits", "Besuche")),
    Topic("members.index", _l("Members"), "users", "see_members",
          ("members", "guests", "customers", "people", "Mitglieder", "Gäste", "Kunden", "Stammgäste")),
    Topic("members.new", _l("Add member"), "user-plus", "edit_members",
          ("add member", "new member", "new guest", "neues Mitglied", "Mitglied anlegen", "Gast anlegen")),
    Topic("tags.index", _l("Tags"), "tags", "see_members",
          ("tags", "tag-based-segmentation", "tag based segments", "Schlagwörter", "Schlagwort",
           "Segmentierung nach Schlagwörtern", "tag-basierte Segmentierung", "Merkmale",
           "sleeping", "schlafend", "posRevenueWithinLast6Month", "revenueWithinLast6Month",
           "informAboutBonusSystem", "incompleteProfile", "interestedInBonusSystem")),
    Topic("segments.index", _l("Segments"), "chart-donut-3", "see_members",
          ("segments", "segmentation", "audience", "Segmente", "Segmentierung", "Zielgruppen", "filter", "top",
           "defecting", "abwandernd")),
    Topic("messages.index", _l("Messages"), "messages", "see_messages",
          ("notifications", "messages", "sent", "outbox", "Benachrichtigungen", "Nachrichten", "Mitteilungen",
           "gesendet", "notification console")),
    Topic("rewards.index", _l("Rewards"), "gift", "see_rewards",
          ("rewards", "prizes", "vouchers", "Belohnungen", "Prämien", "Gutscheine")),
    Topic("loyalty_management.show", _l("Loyalty management"), "heart", "see_settings",
          ("LoyaltyManagement", "loyalty management", "system configuration", "Treueverwaltung", "Treueprogramm",
           "Systemkonfiguration", "tagging", "Kennzeichnung")),
    Topic("loyalty_management.show", _l("Loyalty update console"), "clock", "see_settings",
          ("Loyalty-Update-Console", "LoyaltyUpdateConsole", "update console", "console", "scheduler", "cron",
           "schedule", "run tagging now", "Konsole", "Aktualisierungskonsole", "Treue-Aktualisierungskonsole",
           "Zeitplan", "Zeitplaner"), anchor="console"),
    Topic("settings.points", _l("Points"), "coins", "see_settings",
          ("Bonus-Program", "bonus programme", "bonus system", "points", "stars", "earning rules", "Bonusprogramm",
           "Bonussystem", "Punkte", "Sterne", "Sammelregeln")),
    Topic("settings.gateways", _l("Gateways"), "send", "see_settings",
          ("email-settings", "email", "mail", "smtp", "sms", "sender", "gateways", "E-Mail-Einstellungen",
           "Mail-Einstellungen", "Absender", "Versand", "Twilio")),
    Topic("settings.cafe", _l("Settings"), "settings", "see_settings",
          ("settings", "café", "time zone", "address", "colour", "Einstellungen", "Zeitzone", "Anschrift", "Farbe")),
    Topic("settings.locations", _l("Locations"), "building-store", "see_settings",
          ("locations", "shops", "branches", "Standorte", "Filialen", "Läden")),
    Topic("settings.connectors", _l("Connectors"), "plug", "see_settings",
          ("connectors", "till", "point of sale", "pos", "square", "Kassa", "Kasse", "Anbindungen", "Webshop")),
    Topic("settings.keys", _l("API keys"), "key", "manage_keys",
          ("api keys", "api", "keys", "API-Schlüssel", "Schlüssel", "Programmierschnittstelle")),
)  # fmt: skip


def find(typed: str, *, limit: int = 8) -> list[Topic]:
    """The screens that are meant, the best first; as the person's language calls them, or as either does."""
    asked = _plain(typed)
    if not asked:
        return []
    ranked = []
    for place, topic in enumerate(TOPICS):
        rank = min(_rank(asked, _plain(word)) for word in (str(topic.title), *topic.words))
        if rank is not None and rank < _NOT and topic.is_open:
            ranked.append((rank, place, topic))
    return [topic for _rank_, _place, topic in sorted(ranked, key=lambda each: each[:2])][:limit]


_NOT = 9


def _rank(asked: str, word: str) -> int:
    """How well a word answers: 0 it is the word, 1 it begins so, 2 a part of it begins so, 3 it stands in it."""
    joined, parts = asked.replace(" ", ""), word.split()
    if joined == word.replace(" ", ""):
        return 0
    if word.replace(" ", "").startswith(joined):
        return 1
    if all(any(part.startswith(each) for part in parts) for each in asked.split()):
        return 2
    return 3 if len(joined) >= 3 and joined in word.replace(" ", "") else _NOT


def _plain(text: str) -> str:
    """Small letters without accents, words between single spaces."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return _BREAKS.sub(" ", bare).strip()
