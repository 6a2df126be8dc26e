"""A mail server in a bad mood: it refuses, puts off, hangs up and falls silent at random, and counts what it took."""

import random
import threading
from collections import Counter, deque

from tests.played.smtp import Offer, PlayedSmtp, Received, Trouble

OFTEN = 0.004  # of all mails: put off
SELDOM = 0.002  # refused for good
RARELY = 0.0005  # the connection breaks in the middle
MOST_SILENCES = 3  # each holds a worker for two minutes, unless it is killed before


class Tally:
    """How often each address was written to; takes the place of a list of mails that nobody will read."""

    def __init__(self) -> None:
        self.by_address: Counter[str] = Counter()

    def append(self, mail: Received) -> None:
        """Count one."""
        self.by_address[mail.to] += 1

    def __len__(self) -> int:
        return self.by_address.total()


class FickleSmtp(PlayedSmtp):
    """Its mood is drawn from a seed: the same mails in the same order meet the same trouble."""

    def __init__(self, seed: int) -> None:
        super().__init__(Offer())
        self.tally = Tally()
        self.received = self.tally  # type: ignore[assignment]
        self.commands = deque(maxlen=10)  # type: ignore[assignment]
        self.moods: Counter[str] = Counter()
        self._random = random.Random(seed)
        self._dice = threading.Lock()

    def said(self, stage: str, to: str | None) -> str | Trouble | None:
        """Whatever comes to its mind."""
        if stage not in ("RCPT", "text"):
            return None
        with self._dice:
            mood = self._mood(stage, self._random.random())
            if mood is not None:
                self.moods[str(mood)] += 1
            return mood

    def _mood(self, stage: str, chance: float) -> str | Trouble | None:
        if chance < RARELY:
            return Trouble.DROP
        if chance < RARELY * 1.1 and stage == "text" and self.moods[Trouble.STALL] < MOST_SILENCES:
            return Trouble.STALL
        if stage == "RCPT" and chance > 1 - SELDOM:
            return "550 5.1.1 No such user"
        return "451 4.3.2 Not now, try again later" if chance > 1 - OFTEN and stage == "text" else None
