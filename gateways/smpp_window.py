"""A group of texts on its way over one link: so many parts unanswered at a time, each text settled once.

A part that was answered with "too much" was not taken and is given again after a pause. One that was written and not
answered may have been taken: its text is unsure, and so is a long one of which only some parts were taken.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from smpplib import consts
from smpplib.pdu import PDU

from domain.delivery.ports import Outgoing, SendOutcome, SendResult
from gateways.smpp_codes import BUSY, judge
from gateways.smpp_link import Broken, Link, reason
from gateways.verdict import Verdict

PAUSES = (1.0, 2.0, 4.0)  # seconds, when the operator says "too much" again and again; then the rest waits
_NOT_BEGUN = Verdict(SendOutcome.TRY_LATER, "not handed over")


@dataclass(slots=True)
class Passage:
    """One text on its way: the ids its parts got, and what became of the parts that got none."""

    outgoing: Outgoing
    parts: Sequence[Mapping[str, Any]]  # the fields of one `submit_sm` each
    ids: list[str | None] = field(default_factory=list)
    not_taken: dict[int, Verdict] = field(default_factory=dict)
    unanswered: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.ids = [None] * len(self.parts)

    def result(self, rest: Verdict) -> SendResult:
        """What became of the text; `rest` is how those fare that were never written."""
        if all(self.ids):
            return self._settled(Verdict(SendOutcome.ACCEPTED))
        if self.unanswered:
            return self._settled(Verdict(SendOutcome.UNSURE, f"no answer after the text: {rest.detail}"))
        place, verdict = min(self.not_taken.items(), default=(self.ids.index(None), rest), key=lambda each: each[0])
        if any(self.ids):
            outcome = SendOutcome.REFUSED if verdict.outcome is SendOutcome.REFUSED else SendOutcome.UNSURE
            detail = f"part {place + 1} of {len(self.ids)} was not taken: {verdict.detail}"
            verdict = Verdict(outcome, detail, suppress=verdict.suppress)
        return self._settled(verdict)

    def _settled(self, verdict: Verdict) -> SendResult:
        is_long = len(self.ids) > 1
        return SendResult(
            self.outgoing.message_id,
            verdict.outcome,
            provider_ref=None if is_long else self.ids[0],
            detail=verdict.detail,
            retry_after=verdict.retry_after,
            suppress=verdict.suppress,
            part_refs=tuple(self.ids) if is_long and any(self.ids) else (),
        )


@dataclass(frozen=True, slots=True)
class Way:
    """How texts are handed over: how many parts may be unanswered, for how long (seconds), how an id is spelt, and what
    waits."""

    window: int
    seconds: float
    spelt: Callable[[str], str]
    pause: Callable[[float], None]


class Window:
    """Hands passages over."""

    def __init__(self, link: Link, way: Way) -> None:
        self._link = link
        self._way = way
        self._waiting: deque[tuple[Passage, int]] = deque()
        self._written: dict[int, tuple[Passage, int]] = {}
        self._too_much: Verdict | None = None
        self._pauses = iter(PAUSES)
        self._end: Verdict | None = None
        self.is_spoilt = False  # the operator could not read something: this link had better not be used again

    def hand_over(self, passages: Sequence[Passage]) -> Verdict:
        """Hand over all parts, as far as the operator takes them; how those fare that were never written.

        Raises `Broken` when the link can't be used any more; results can still be asked of the passages.
        """
        self._waiting.extend((each, place) for each in passages for place in range(len(each.parts)))
        while self._waiting or self._written:
            self._fill()
            if self._written:
                self._take(self._answer())
        return self._end or _NOT_BEGUN

    def _fill(self) -> None:
        if self._too_much is not None:
            if self._written:
                return  # what is on its way is answered first
            self._rest(self._too_much)
        while len(self._written) < self._way.window and self._waiting:
            passage, place = self._waiting.popleft()
            if self._end is None:
                self._write(passage, place)
            else:
                passage.not_taken.setdefault(place, self._end)

    def _rest(self, verdict: Verdict) -> None:
        self._too_much = None
        seconds = next(self._pauses, None)
        if seconds is None:
            self._end = verdict
        else:
            self._way.pause(seconds)

    def _write(self, passage: Passage, place: int) -> None:
        passage.unanswered.add(place)  # before: what fails in the middle may have left
        passage.not_taken.pop(place, None)
        try:
            sequence = self._link.write("submit_sm", seconds=self._way.seconds, **passage.parts[place])
        except OSError as error:
            raise Broken(reason(error)) from error
        self._written[sequence] = (passage, place)

    def _answer(self) -> PDU:
        pdu = self._link.read(seconds=self._way.seconds)
        if pdu is None:
            raise Broken("timed out")
        return pdu

    def _take(self, pdu: PDU) -> None:
        if pdu.command == "generic_nack":
            self.is_spoilt = True
            if pdu.sequence not in self._written:
                raise Broken("the operator could not read us")
        if pdu.command not in ("submit_sm_resp", "generic_nack") or pdu.sequence not in self._written:
            return
        passage, place = self._written.pop(pdu.sequence)
        passage.unanswered.discard(place)
        if pdu.status == consts.SMPP_ESME_ROK and pdu.command == "submit_sm_resp":
            self._taken(passage, place, pdu)
        elif pdu.status in BUSY:
            self._too_much = passage.not_taken[place] = judge(pdu.status)
            self._waiting.appendleft((passage, place))
        else:
            self._not_taken(passage, place, judge(pdu.status))

    def _taken(self, passage: Passage, place: int, pdu: PDU) -> None:
        self._pauses = iter(PAUSES)
        ref = self._way.spelt((pdu.message_id or b"").decode("latin-1"))
        if ref:
            passage.ids[place] = ref
        else:
            passage.not_taken[place] = Verdict(SendOutcome.UNSURE, "answered without a message id")

    def _not_taken(self, passage: Passage, place: int, verdict: Verdict) -> None:
        passage.not_taken[place] = verdict
        if verdict.outcome is SendOutcome.GATEWAY_DOWN:
            self._end = verdict
