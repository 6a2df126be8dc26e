"""What became of what was meant to be said: who was left out and why, and how the rest fared. It always adds up."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

from models.message import MessageState, Reason

_ARRIVED = (MessageState.SENT, MessageState.DELIVERED, MessageState.BOUNCED)
_WAITING = (MessageState.PLANNED, MessageState.CLAIMED, MessageState.ATTEMPTING)
_BY_STATE = text("SELECT state, reason, count(*) FROM messages WHERE cause = :cause GROUP BY state, reason")


@dataclass(frozen=True, slots=True)
class Mailing:
    """Messages of one cause. `audience` = `control_group` + `held_back` by reason + `planned`; `planned` = `sent` (what
    arrived or came back included) + `failed` + `unsure` + `cancelled` by reason + `waiting`."""

    control_group: int
    held_back: Mapping[str, int]
    sent: int
    failed: int
    unsure: int
    cancelled: Mapping[str, int]
    waiting: int

    @property
    def planned(self) -> int:
        """How many were to leave."""
        return self.sent + self.failed + self.unsure + sum(self.cancelled.values()) + self.waiting

    @property
    def audience(self) -> int:
        """How many it was for."""
        return self.control_group + sum(self.held_back.values()) + self.planned


def of_cause(session: Session, cause: str) -> Mailing:
    """How the messages of one cause (`reward:7`) stand."""
    states: Counter[str] = Counter()
    reasons: dict[str, dict[str, int]] = {MessageState.SKIPPED: {}, MessageState.CANCELLED: {}}
    for state, reason, count in session.execute(_BY_STATE, {"cause": cause}):
        states[state] += count
        if state in reasons:
            reasons[state][reason] = count
    return Mailing(
        control_group=reasons[MessageState.SKIPPED].pop(Reason.CONTROL_GROUP, 0),
        held_back=reasons[MessageState.SKIPPED],
        sent=sum(states[each] for each in _ARRIVED),
        failed=states[MessageState.FAILED],
        unsure=states[MessageState.UNSURE],
        cancelled=reasons[MessageState.CANCELLED],
        waiting=sum(states[each] for each in _WAITING),
    )
