"""What guests agreed to when they joined, and who took it back later."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from demo.guests import Guest
from demo.visits import VIENNA

ASKED = (  # channel, topic, share of those who have the address
    ("email", "rewards", 0.9),
    ("email", "promotional", 0.61),
    ("email", "reminders", 0.55),
    ("sms", "rewards", 0.78),
    ("sms", "promotional", 0.31),
)
SHARE_TAKEN_BACK = 0.05
YES = "Yes, Café Aurora may write to me about this. I can stop it any time."


@dataclass(frozen=True, slots=True)
class Answer:
    """A yes or no of one guest for one channel and topic."""

    guest: Guest
    channel: str
    topic: str
    granted: bool
    at: datetime
    source: str
    wording: str = ""


def of(guest: Guest, *, until: datetime, random: Random) -> list[Answer]:
    """Everything a guest answered so far, oldest first."""
    joined = min(datetime.combine(guest.joined_on, datetime.min.time(), VIENNA) + timedelta(hours=9), until)
    yes = [
        Answer(guest, channel, topic, True, joined, "join page", YES)
        for channel, topic, share in ASKED
        if (guest.email if channel == "email" else guest.phone) and random.random() < share
    ]
    return [*yes, *_taken_back(yes, until, random)]


def standing(answers: Iterable[Answer], *, at: datetime) -> dict[tuple[str, str], Answer]:
    """The answer that counts at an instant, by channel and topic."""
    return {(answer.channel, answer.topic): answer for answer in answers if answer.at <= at}


def _taken_back(yes: Iterable[Answer], until: datetime, random: Random) -> Iterator[Answer]:
    for answer in yes:
        if answer.topic != "reminders" and random.random() < SHARE_TAKEN_BACK:
            at = answer.at + (until - answer.at) * random.random()
            source = "unsubscribe link" if answer.channel == "email" else "STOP by text"
            yield Answer(answer.guest, answer.channel, answer.topic, False, at, source)
