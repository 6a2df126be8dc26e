"""Clauses about belonging, messages, consent, and what happened."""

from flask_babel import gettext as _

from web import words
from web.condition_words import amounts, labels
from web.condition_words.clauses import Clause, Question, no, yes
from web.condition_words.profile import anything


def tags(asked: Question) -> Clause:
    """`who are tagged “staff”`."""
    if asked.op == "is_set":
        return yes(_("who have any tag"))
    if asked.op == "not_set":
        return no(_("who have no tag"))
    names = amounts.either(list(map(amounts.quoted, asked.values)))
    if asked.op == "not_in":
        return no(_("who are not tagged %(names)s"), names=names)
    return yes(_("who are tagged %(names)s"), names=names)


def segments(asked: Question) -> Clause:
    if asked.op == "is_set":
        return yes(_("who are in any segment"))
    if asked.op == "not_set":
        return no(_("who are in no segment"))
    names = amounts.either([amounts.quoted(asked.names.segment(each)) for each in asked.values])
    if asked.op == "not_in":
        return no(_("who are not in the segment %(names)s"), names=names)
    return yes(_("who are in the segment %(names)s"), names=names)


def consent(asked: Question) -> Clause:
    """`who agreed to Offers by E-mail`."""
    _consent, channel, topic = asked.fact.name.split(".")
    parts = {"channel": words.channel_words(channel), "topic": words.topic_words(topic)}
    if asked.op in ("is_set", "not_set"):
        if asked.op == "is_set":
            return yes(_("who answered about %(topic)s by %(channel)s"), **parts)
        return no(_("who were never asked about %(topic)s by %(channel)s"), **parts)
    if asked.op == "eq":
        if asked.value:
            return yes(_("who agreed to %(topic)s by %(channel)s"), **parts)
        return no(_("who said no to %(topic)s by %(channel)s"), **parts)
    if asked.value:
        return no(_("who have not agreed to %(topic)s by %(channel)s"), **parts)
    return yes(_("who have not said no to %(topic)s by %(channel)s"), **parts)


def reachable(asked: Question) -> Clause:
    channel = words.channel_words(asked.fact.name.partition(".")[2])
    if asked.value is (asked.op == "eq"):
        return yes(_("who can be reached by %(channel)s"), channel=channel)
    return no(_("who cannot be reached by %(channel)s"), channel=channel)


def messages_received(asked: Question) -> Clause:
    parts = _message_parts(asked)
    if asked.never:
        return no(_("who received no message %(channel)s %(window)s %(rest)s"), **parts)
    return yes(_("who received %(messages)s %(channel)s %(window)s %(rest)s"), **parts)


def messages_opened(asked: Question) -> Clause:
    parts = _message_parts(asked)
    if asked.never:
        return no(_("who opened no message %(channel)s %(window)s %(rest)s"), **parts)
    return yes(_("who opened %(messages)s %(channel)s %(window)s %(rest)s"), **parts)


def messages_clicked(asked: Question) -> Clause:
    parts = _message_parts(asked)
    if asked.never:
        return no(_("who clicked in no message %(channel)s %(window)s %(rest)s"), **parts)
    return yes(_("who clicked in %(messages)s %(channel)s %(window)s %(rest)s"), **parts)


def messages_not_reached(asked: Question) -> Clause:
    parts = _message_parts(asked)
    if asked.never:
        return yes(_("whom every message %(channel)s %(window)s reached %(rest)s"), **parts)
    return yes(_("whom %(messages)s %(channel)s %(window)s did not reach %(rest)s"), **parts)


def last_message(asked: Question) -> Clause:
    parts = _message_parts(asked)
    if asked.op == "is_set":
        return yes(_("who received any message %(channel)s %(window)s %(rest)s"), **parts)
    if asked.op == "not_set":
        return no(_("who received no message %(channel)s %(window)s %(rest)s"), **parts)
    when = amounts.when(asked.op, asked.value)
    return yes(_("whose last message %(channel)s %(window)s %(rest)s was %(when)s"), **parts, when=when)


def event_count(asked: Question) -> Clause:
    """`with “A balance was asked for” at least 2 times in the last 30 days`."""
    parts = _event_parts(asked)
    if asked.never:
        return no(_("to whom this did not happen %(window)s: %(event)s %(rest)s"), **parts)
    if asked.ever:
        return yes(_("to whom this happened %(window)s: %(event)s %(rest)s"), **parts)
    times = amounts.times(asked.op, asked.value)
    return yes(_("to whom this happened %(times)s %(window)s: %(event)s %(rest)s"), **parts, times=times)


def event_last(asked: Question) -> Clause:
    parts = _event_parts(asked)
    if asked.op == "not_set":
        return no(_("to whom this did not happen %(window)s: %(event)s %(rest)s"), **parts)
    if asked.op == "is_set":
        return yes(_("to whom this happened %(window)s: %(event)s %(rest)s"), **parts)
    when = amounts.when(asked.op, asked.value)
    return yes(_("to whom this last happened %(when)s: %(event)s %(rest)s"), **parts, when=when)


def other(asked: Question) -> Clause:
    """What has no words of its own."""
    return anything(asked)


def _message_parts(asked: Question) -> dict[str, str]:
    channels = [words.channel_words(str(each).lower()) for each in asked.plain("channel")]
    rest = ", ".join(asked.bracketed(name) for name in asked.where if name != "channel" or not channels)
    parts = {
        "channel": _("by %(channel)s", channel=amounts.either(channels)) if channels else "",
        "window": asked.window,
        "rest": f"({rest})" if rest else "",
    }
    if asked.fact.name != "messages.last_at":
        parts["messages"] = amounts.amount(asked.op, asked.value, amounts.things(_("message"), _("messages")))
    return parts


def _event_parts(asked: Question) -> dict[str, str]:
    rest = ", ".join(map(asked.bracketed, asked.where))
    event = amounts.quoted(labels.event_words(asked.fact))
    return {"event": event, "window": asked.window, "rest": f"({rest})" if rest else ""}
