"""What a mail server's reply means for a message: basic code and enhanced status (RFC 5321, 3463)."""

import re
from enum import StrEnum
from typing import NamedTuple

from domain.delivery.ports import SendOutcome
from gateways.verdict import Verdict, printable

BACK_OFF_SECONDS = 300  # greylisting and rate limits name no time: five minutes is what both commonly want
FULL_MAILBOX_SECONDS = 3600

_ENHANCED = re.compile(r"\s*([245])\.(\d{1,3})\.(\d{1,3})\b")
_BAD_LOGIN = {530, 534, 535, 538}
_BAD_ADDRESS = {"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"}
_BAD_SENDER = {"5.1.7", "5.1.8", "5.7.60"}
_SLOW_DOWN = {"4.2.0", "4.3.1", "4.5.3"}


class Stage(StrEnum):
    """What the server replied to."""

    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    TEXT = "end of DATA"


class Reply(NamedTuple):
    """A server's answer: the code, and its text as one line."""

    code: int
    text: str

    @property
    def enhanced(self) -> str:
        """The enhanced status (`5.1.1`), or "" when there is none or it contradicts the code."""
        found = _ENHANCED.match(self.text)
        if not found or found[1] != str(self.code)[0]:
            return ""
        return ".".join(found.groups())


def judge(stage: Stage, reply: Reply) -> Verdict:
    """What a reply other than the wished-for one means. An unreadable reply to the text leaves the message unsure."""
    if 400 <= reply.code < 500:
        return Verdict(SendOutcome.TRY_LATER, described(reply), retry_after=_pause(reply))
    if 500 <= reply.code < 600:
        return _final(stage, reply)
    outcome = SendOutcome.UNSURE if stage is Stage.TEXT else SendOutcome.TRY_LATER
    return Verdict(outcome, described(reply))


def judge_opening(reply: Reply) -> Verdict:
    """What a refused greeting, EHLO, STARTTLS or AUTH means: the gateway is set up wrongly, or the server is not ready.

    A temporary failure of AUTH (454) is "not ready": stopping the gateway would need a person to start it again.
    """
    if reply.code >= 500:
        return Verdict(SendOutcome.GATEWAY_DOWN, described(reply))
    return Verdict(SendOutcome.TRY_LATER, described(reply), retry_after=_pause(reply))


def is_dead(status: str) -> bool:
    """Whether an enhanced status, reported after the mail was taken, means that nobody is there. Our own sender is none
    of the guest's business."""
    return status in _BAD_ADDRESS or (status.startswith("5.1.") and status not in _BAD_SENDER)


def described(reply: Reply) -> str:
    """The reply as one line of at most 300 printable characters."""
    return printable(f"{reply.code} {reply.text}")


def _pause(reply: Reply) -> int | None:
    status = reply.enhanced
    if status == "4.2.2":
        return FULL_MAILBOX_SECONDS
    if reply.code == 421 or status in _SLOW_DOWN or status.startswith("4.7."):
        return BACK_OFF_SECONDS
    return None


def _final(stage: Stage, reply: Reply) -> Verdict:
    if _is_our_set_up(reply):
        return Verdict(SendOutcome.GATEWAY_DOWN, described(reply))
    suppress = "invalid_address" if _is_bad_address(stage, reply) else None
    return Verdict(SendOutcome.REFUSED, described(reply), suppress=suppress)


def _is_our_set_up(reply: Reply) -> bool:
    if reply.code in _BAD_LOGIN or reply.enhanced in _BAD_SENDER:
        return True
    return reply.code == 553 and reply.enhanced == "5.7.1"  # the sender is not ours to use


def _is_bad_address(stage: Stage, reply: Reply) -> bool:
    """Only what surely speaks of the mailbox: a bare 550 may as well be a block list, and would cost good addresses."""
    if stage is Stage.MAIL:
        return False
    if reply.enhanced in _BAD_ADDRESS:
        return True
    return stage is Stage.RCPT and reply.code in (551, 553) and not reply.enhanced
