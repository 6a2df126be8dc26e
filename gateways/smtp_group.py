"""The messages of one hand-over, shared by parallel connections: each is taken by one of them and settled once."""

from collections import deque
from collections.abc import Sequence

from domain.delivery.ports import Outgoing, SendOutcome, SendResult
from gateways.verdict import Verdict


class Group:
    """Takes and settlements are single operations on a deque and a list, which threads may share."""

    def __init__(self, outgoing: Sequence[Outgoing]) -> None:
        self._outgoing = outgoing
        self._waiting = deque(outgoing)
        self._written: set[int] = set()
        self._given_back: set[int] = set()
        self._results: dict[int, SendResult] = {}
        self._rest: Verdict | None = None
        self._stopped = False

    @property
    def has_waiting(self) -> bool:
        """Whether there is something left to take."""
        return bool(self._waiting) and not self._stopped

    def take(self) -> Outgoing | None:
        """The next message, or None when nothing is left or the server wants no more."""
        if self._stopped:
            return None
        try:
            return self._waiting.popleft()
        except IndexError:
            return None

    def give_back(self, outgoing: Outgoing, verdict: Verdict) -> None:
        """Its connection broke before the text was written: once more over another one, then `verdict`."""
        if outgoing.message_id in self._given_back:
            self.settle(outgoing, verdict)
        else:
            self._given_back.add(outgoing.message_id)
            self._waiting.appendleft(outgoing)

    def mark_written(self, outgoing: Outgoing) -> None:
        """From here on the server may have it."""
        self._written.add(outgoing.message_id)

    def settle(self, outgoing: Outgoing, verdict: Verdict) -> None:
        """What became of a message."""
        accepted = verdict.outcome is SendOutcome.ACCEPTED
        self._results[outgoing.message_id] = SendResult(
            outgoing.message_id,
            verdict.outcome,
            provider_ref=outgoing.ref if accepted else None,
            detail=verdict.detail,
            retry_after=verdict.retry_after,
            suppress=verdict.suppress,
        )

    def rest_is(self, verdict: Verdict) -> None:
        """How those fare that no connection can take: the last one to fail says why, unless one stopped all."""
        if not self._stopped:
            self._rest = verdict

    def stop(self, verdict: Verdict) -> None:
        """The server wants no more: nothing is taken any longer, and the rest fares like this."""
        self.rest_is(verdict)
        self._stopped = True

    def results(self) -> list[SendResult]:
        """One result per message, also for those that a mistake of ours left behind."""
        for outgoing in self._outgoing:
            if outgoing.message_id not in self._results:
                self.settle(outgoing, self._left_behind(outgoing))
        return [self._results[outgoing.message_id] for outgoing in self._outgoing]

    def _left_behind(self, outgoing: Outgoing) -> Verdict:
        if outgoing.message_id in self._written:
            return Verdict(SendOutcome.UNSURE, "the hand-over ended in the middle")
        return self._rest or Verdict(SendOutcome.TRY_LATER, "not handed over")
