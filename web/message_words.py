"""A message in words: why it spoke, where it stands, what happened on its way and what would change a no."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import Flask
from flask_babel import gettext as _

from domain.delivery import answers, messages, trials
from domain.delivery.messages import Listed, Reading
from models.message import Channel, Reason
from models.message import MessageState as State
from web import filters, message_reading, words

WAITING = (State.PLANNED, State.CLAIMED, State.ATTEMPTING)
NOES = (State.SKIPPED, State.CANCELLED)


@dataclass(frozen=True, slots=True)
class Step:
    """A moment on a message's way; `is_ahead` when it has not come yet."""

    icon: str
    words: str
    at: datetime | None
    is_ahead: bool = False


def init_app(app: Flask) -> None:
    """Offer the words to all templates."""
    app.jinja_env.globals.update(
        cause_words=cause_words,
        message_moment=message_moment,
        standing_words=standing_words,
        message_steps=message_steps,
        message_sentence=message_sentence,
        message_advice=message_advice,
    )


def cause_words(message: Listed) -> str:
    """Why it spoke: the reward's name, or what kind of thing did."""
    if message.cause == trials.CAUSE:
        return _("A test to yourself")
    if message.cause_name:
        return _("%(reward)s unlocked", reward=message.cause_name)
    kinds = {
        "reward": _("A reward unlocked"),
        "campaign": _("A campaign"),
        "newsletter": _("A newsletter"),
        "automation": _("An automation"),
        "reminder": _("A reminder"),
        answers.CAUSE: _("An answer to a guest's text"),
    }
    return kinds.get(message.cause.partition(":")[0], _("A message"))


def message_moment(message: Listed) -> datetime:
    """The instant that counts in a list: when it left or ended, else when it was planned."""
    return message.sent_at or message.settled_at or message.created_at


def standing_words(message: Listed) -> str:
    """What stands behind the state in a list: the reason of a no, when it leaves."""
    if message.state in NOES:
        return words.reason_words(message.reason)
    if message.state == State.PLANNED:
        return _("leaves %(when)s", when=filters.when(message.due_at))
    return ""


def message_sentence(message: Listed) -> str:
    """How it stands, in one sentence."""
    when = filters.when
    sentences = {
        State.PLANNED: _("It leaves %(when)s.", when=when(message.due_at)),
        State.CLAIMED: _("It is about to leave."),
        State.ATTEMPTING: _("It is leaving right now."),
        State.SENT: _("It left %(when)s. Whether it arrived was not told yet.", when=when(message.sent_at)),
        State.DELIVERED: _("It arrived %(when)s.", when=when(message.settled_at)),
        State.SKIPPED: _("It was held back: %(reason)s.", reason=words.reason_words(message.reason)),
        State.CANCELLED: _("It was stopped before it left: %(reason)s.", reason=words.reason_words(message.reason)),
        State.UNSURE: _("The line broke while it was leaving: it may have arrived, or not."),
        State.FAILED: _("It could not be sent."),
        State.BOUNCED: _("It came back: nobody takes mail or texts at this address."),
    }
    return sentences[State(message.state)]


def message_advice(message: Listed) -> str:
    """What would change how it stands, or what happens next by itself."""
    if message.state in NOES:
        return _no_advice(message)
    advice = {
        State.PLANNED: _waiting_advice(message),
        State.SENT: _sent_advice(message),
        State.UNSURE: _(
            "It is not sent a second time by itself: a guest who gets everything twice stops reading."
            " When the provider reports what became of it, that stands here."
        ),
        State.FAILED: _("The provider's own words say why. If it concerns more messages, look at the gateway."),
        State.BOUNCED: _("Ask the guest for another address. This one is not written to again."),
    }
    return advice.get(State(message.state), "")


def message_steps(message: Listed, readings: Sequence[Reading] = ()) -> list[Step]:
    """The message's way so far and what lies ahead, oldest first."""
    steps = [Step("calendar-time", _planned_words(message), message.created_at)]
    if message.state in WAITING:
        steps.append(Step("clock", _("Leaves"), message.due_at, is_ahead=True))
        if message.expires_at:
            steps.append(Step("hourglass", _("Of no use any more, if it has not left"), message.expires_at, True))
        return steps
    if message.sent_at:
        steps.append(Step("send", _("Left"), message.sent_at))
    if message.state not in (State.SENT, State.SKIPPED):
        steps.append(_ending(message))
    return steps + [_read(each) for each in readings]


def _planned_words(message: Listed) -> str:
    return _("Looked at, and held back") if message.state == State.SKIPPED else _("Planned")


def _ending(message: Listed) -> Step:
    icon, said = {
        State.DELIVERED: ("checks", _("Arrived")),
        State.CANCELLED: ("hand-stop", _("Stopped")),
        State.UNSURE: ("help-circle", _("The line broke")),
        State.FAILED: ("circle-x", _("Did not work")),
        State.BOUNCED: ("mail-off", _("Came back")),
    }[State(message.state)]
    return Step(icon, said, message.settled_at)


def _read(reading: Reading) -> Step:
    if reading.type == messages.OPENED:
        return Step("mail-opened", message_reading.opened_words(reading.facts), reading.at)
    return Step("link", message_reading.clicked_words(reading.facts), reading.at)


def _no_advice(message: Listed) -> str:
    if message.channel == Channel.WHATSAPP and message.reason == Reason.TEMPLATE_MISSING:
        return _(
            "WhatsApp lets you write first only in a wording it has approved. Say on the template which one that is."
            " For a day after a guest wrote to you, your own words may leave."
        )
    return words.reason_advice(message.reason)


def _waiting_advice(message: Listed) -> str:
    if message.attempts:
        return _("An earlier try did not get through. It is tried again by itself.")
    return _("If the guest takes their yes back or the reward is used before, it does not leave at all.")


def _sent_advice(message: Listed) -> str:
    if message.channel == "email":
        return _("Mail servers only report what did not arrive. No news is good news.")
    return ""
