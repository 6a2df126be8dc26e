"""What guests agreed to and took back, in sentences: which door, which words, and what would change it."""

from collections.abc import Iterable, Mapping
from typing import Any

from flask import Flask
from flask_babel import gettext as _

from domain.audience import consent_history as history
from domain.audience.consent_history import Said
from web import filters, words

Pairs = Iterable[tuple[str, str]]


def init_app(app: Flask) -> None:
    """Offer the words to all templates."""
    app.jinja_env.globals.update(
        consent_words=consent_words,
        source_words=source_words,
        pair_words=pair_words,
        by_channel_words=by_channel_words,
        suppression_words=suppression_words,
        lift_words=lift_words,
        actor_words=actor_words,
        version_words=version_words,
    )


def consent_words(said: Said) -> str:
    """One standing answer: `said yes on 3 March 2026, on the join page`."""
    facts = {"day": filters.day(said.given_at), "source": source_words(said.source)}
    if not said.granted:
        return _("took it back on %(day)s, %(source)s", **facts)
    if not said.is_dated:
        return _("said yes; we heard of it on %(day)s, %(source)s", **facts)
    return _("said yes on %(day)s, %(source)s", **facts)


def source_words(source: str) -> str:
    """Where it was said: our own doors by their names, others in the words of who told us."""
    known = {
        history.PREFERENCES_PAGE: _("on their own page"),
        history.UNSUBSCRIBE_PAGE: _("on the unsubscribe page"),
        history.ONE_CLICK: _("with one click in their mail program"),
        history.TEXT_MESSAGE: _("by text message"),
        history.JOIN_PAGE: _("on the join page, confirmed by e-mail"),
        history.MERGE: _("because two records of this guest were joined, and one had said no"),
        history.AT_THE_COUNTER: _("told you at the counter"),
        history.BY_PHONE: _("told you by phone"),
        history.IN_WRITING: _("told you in writing"),
        "": _("forgotten"),
    }
    return known.get(source) or _("source: “%(source)s”", source=source)


def pair_words(pairs: Pairs) -> str:
    """`offers and rewards by e-mail; offers by text message`; everything is `everything`."""
    by_channel: dict[str, list[str]] = {}
    for channel, topic in pairs:
        by_channel.setdefault(channel, []).append(topic)
    if len(by_channel) > 2 and all(len(topics) == 3 for topics in by_channel.values()):
        return _("everything")
    told = [
        _("%(topics)s %(by_channel)s", topics=_listed(topics), by_channel=by_channel_words(channel))
        for channel, topics in by_channel.items()
    ]
    return "; ".join(told)


def by_channel_words(channel: str) -> str:
    """How a message comes, inside a sentence: `by e-mail`."""
    known = {
        "email": _("by e-mail"),
        "sms": _("by text message"),
        "push": _("as a push message"),
        "social": _("on social networks"),
        "voice": _("by phone call"),
        "chat": _("by chat"),
    }
    return known.get(channel) or _("by %(channel)s", channel=words.channel_words(channel))


def suppression_words(channel: str, reason: str) -> str:
    """Why an address is not written to."""
    name = words.channel_words(channel)
    known = {
        "bounced": _("%(channel)s: what was sent came back, nobody has this address.", channel=name),
        "invalid_address": _("%(channel)s: this address takes no such messages.", channel=name),
        "complained": _("%(channel)s: the guest marked a message of yours as spam.", channel=name),
        "opted_out": _("%(channel)s: somebody wrote STOP from this address.", channel=name),
    }
    return known.get(reason) or _("%(channel)s: the provider refuses this address.", channel=name)


def lift_words(reason: str) -> str:
    """What ends it."""
    known = {
        "bounced": _("It ends when the guest gives you another address."),
        "complained": _("Only the guest can end it: by saying yes on their own page."),
        "opted_out": _("Only the guest can end it: by saying yes on their own page."),
    }
    return known.get(reason) or _("It ends when the guest gives you another address.")


def actor_words(actor: str) -> str:
    """Who wrote it down, where it was not the guest."""
    kind = actor.partition(":")[0]
    known = {"user": _("written down by your team"), "key": _("told by a program of yours")}
    return known.get(kind) or _("told by a file")


def version_words(version: str) -> str:
    """`join de 2` as `version 2`."""
    return _("version %(number)s", number=version.rpartition(" ")[2])


def story_of_consent(facts: Mapping[str, Any]) -> str:
    """What a guest agreed to, for their story."""
    return _("Agreed to %(what)s, %(source)s", what=pair_words(facts["answers"]), source=source_words(facts["source"]))


def story_of_withdrawal(facts: Mapping[str, Any]) -> str:
    """What a guest wants no more, for their story."""
    source = source_words(facts["source"])
    return _("Wants no more: %(what)s, %(source)s", what=pair_words(facts["answers"]), source=source)


def _listed(topics: list[str]) -> str:
    names = [_topics()[topic] for topic in topics]
    if len(names) == 1:
        return names[0]
    return _("%(first)s and %(last)s", first=", ".join(names[:-1]), last=names[-1])


def _topics() -> dict[str, str]:
    return {"promotional": _("offers"), "rewards": _("rewards"), "reminders": _("reminders")}
