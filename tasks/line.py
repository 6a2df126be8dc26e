"""One gateway's line: group after group is started, handed over and settled. One group is on its way at a time.

Settling a group and starting the next is one statement and one commit; no transaction is open while the gateway talks.
"""

import time
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from domain import clock
from domain.delivery import batches
from domain.delivery.batches import NOTHING, Advanced, HandedOver, Letter
from domain.delivery.ports import Gateway, SendOutcome, SendResult

TRIES = 8
LATER = (SendOutcome.TRY_LATER, SendOutcome.GATEWAY_DOWN)

log = structlog.get_logger()


class Line:
    """`states` counts what became of the messages so far."""

    def __init__(self, session: Session, owner: str, gateway_id: int, gateway: Gateway) -> None:
        self._session = session
        self._owner = owner
        self._gateway_id = gateway_id
        self._gateway = gateway
        self._going: list[Letter] = []
        self._done = NOTHING
        self._took_nothing = False
        self.states: Counter[str] = Counter()

    @property
    def took_nothing(self) -> bool:
        """Whether the gateway took not one letter of the last group: the others need not try now."""
        return self._took_nothing

    def advance(self, group: Sequence[Letter]) -> None:
        """Settle what was handed over, mark `group` as next, commit."""
        advanced = self._written(group)
        self.states += advanced.settled + advanced.held_back
        self._going = advanced.may_go
        self._done = NOTHING

    def settle(self) -> None:
        """Settle what was handed over; nothing comes after it."""
        if self._done.letters:
            self.advance(())

    def hand_over(self) -> None:
        """Give the marked letters to the gateway, if any may go."""
        if not self._going:
            return
        began = time.monotonic()
        results = _results(self._gateway, self._going)
        self._done = HandedOver(self._going, results, timedelta(seconds=time.monotonic() - began))
        self._took_nothing = bool(results) and all(each.outcome in LATER for each in results)

    def _written(self, group: Sequence[Letter]) -> Advanced:
        """Also when the database goes away for a moment: what the gateway said is known only here."""
        for attempt in range(1, TRIES + 1):
            try:
                advanced = batches.advance(
                    self._session, self._owner, self._gateway_id, self._done, group, now=clock.now()
                )
                self._session.commit()
                return advanced
            except DBAPIError:
                self._session.rollback()
                if attempt == TRIES or not self._done.letters:
                    raise
                time.sleep(0.1 * 2**attempt)
        raise AssertionError("unreachable")


def _results(gateway: Gateway, letters: Sequence[Letter]) -> list[SendResult]:
    try:
        return gateway.send([letter.outgoing for letter in letters])
    except Exception:
        # It may have sent some: without results all of them are settled as unsure, and none is sent again.
        log.exception("gateway.raised", channel=gateway.channel)
        return []
