"""What Café Aurora told its guests about unlocked rewards in the last weeks, and what became of each message."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from demo import answers
from demo.answers import Answer
from demo.guests import Guest
from demo.wallet import Unlock
from domain.delivery import quiet_hours
from domain.outreach.reward_messages import EXPIRES_AFTER
from models.message import Channel, MessageState, Reason

SINCE = timedelta(weeks=8)
CHANNELS = (Channel.EMAIL, Channel.SMS)
ZONE, COUNTRY = "Europe/Vienna", "AT"
ACCEPTED = {Channel.EMAIL: (MessageState.SENT, "250 2.0.0 Ok"), Channel.SMS: (MessageState.DELIVERED, "delivered")}
GONE = {
    Channel.EMAIL: (MessageState.FAILED, "550 5.1.1 There is no such mailbox"),
    Channel.SMS: (MessageState.BOUNCED, "error 30005: Unknown destination handset"),
}
SWITCHED_OFF = (MessageState.FAILED, "error 30003: Unreachable destination handset")
SHARE_SWITCHED_OFF = 0.015


@dataclass(frozen=True, slots=True)
class Post:
    """One message about one unlock, or the reason why there was none."""

    unlock: Unlock
    channel: Channel
    state: MessageState
    due_at: datetime
    reason: Reason | None = None
    detail: str | None = None
    started_at: datetime | None = None
    settled_at: datetime | None = None

    @property
    def expires_at(self) -> datetime:
        return self.due_at + EXPIRES_AFTER

    @property
    def address(self) -> str | None:
        """Where it went to."""
        return _address(self.unlock.visit.guest, self.channel) if self.started_at else None

    @property
    def sent_at(self) -> datetime | None:
        """When the provider took it."""
        return None if self.state is MessageState.FAILED else self.started_at

    @property
    def ends_address(self) -> bool:
        """Nothing is sent to this address any more."""
        return self.detail == GONE[self.channel][1]


def of(unlocks: Sequence[Unlock], said: Sequence[Answer], *, now: datetime, random: Random) -> Iterator[Post]:
    """The messages of one guest about `unlocks`, oldest first; `said` is what the guest agreed to."""
    lost: set[Channel] = set()
    for unlock in unlocks:
        if unlock.visit.at < now - SINCE:
            continue
        for channel in CHANNELS:
            post = _post(unlock, channel, said, lost, now, random)
            if post.ends_address:
                lost.add(channel)
            yield post


def _post(
    unlock: Unlock, channel: Channel, said: Iterable[Answer], lost: set[Channel], now: datetime, random: Random
) -> Post:
    guest, at = unlock.visit.guest, unlock.visit.at
    due = quiet_hours.next_allowed(at, ZONE, None, COUNTRY if channel is Channel.SMS else None)
    reason = _why_not(guest, channel, said, lost, at)
    if reason:
        return Post(unlock, channel, MessageState.SKIPPED, due, reason)
    started = due + timedelta(seconds=random.uniform(0.4, 2.5))
    if started >= now:
        return Post(unlock, channel, MessageState.PLANNED, due)
    state, detail = _end(guest, channel, random)
    settled = started + timedelta(seconds=random.uniform(1, 9) if channel is Channel.SMS else 0)
    return Post(unlock, channel, state, due, None, detail, started, min(settled, now))


def _why_not(guest: Guest, channel: Channel, said: Iterable[Answer], lost: set[Channel], at: datetime) -> Reason | None:
    if not _address(guest, channel):
        return Reason.NO_ADDRESS
    answer = answers.standing(said, at=at).get((channel, "rewards"))
    if answer is None:
        return Reason.NO_CONSENT
    if not answer.granted:
        return Reason.UNSUBSCRIBED
    return Reason.SUPPRESSED if channel in lost else None


def _end(guest: Guest, channel: Channel, random: Random) -> tuple[MessageState, str]:
    if guest.number % 61 == (0 if channel is Channel.EMAIL else 30):  # moved on, and told nobody
        return GONE[channel]
    if channel is Channel.SMS and random.random() < SHARE_SWITCHED_OFF:
        return SWITCHED_OFF
    return ACCEPTED[channel]


def _address(guest: Guest, channel: Channel) -> str | None:
    return guest.email if channel is Channel.EMAIL else guest.phone
