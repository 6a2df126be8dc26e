"""Invented histories of a café whose segments and tags keep up: purchases and refunds, waits, moves and midnights."""

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from domain.audience import freshness
from domain.errors import Refusal

DAY = 60 * 24
STARTS = st.datetimes(datetime(2023, 2, 27), datetime(2024, 11, 5), timezones=st.just(UTC))
ZONES = st.sampled_from(["Europe/Vienna", "America/New_York", "Pacific/Kiritimati", "Australia/Lord_Howe", "UTC"])
COMMON = (
    st.tuples(st.just("refund"), st.integers(0, 9), st.one_of(st.none(), st.integers(1, 250))),
    st.tuples(st.just("look")),
    st.tuples(st.just("midnight")),
    st.tuples(st.just("move"), ZONES),
)


def minutes(*days: int):
    """Up to three days, or one of these numbers of days."""
    return st.one_of(st.integers(1, 3 * DAY), st.sampled_from(days).map(DAY.__mul__))


def ago(*days: int):
    """Minutes ago, a few of them still to come, or one of these numbers of days."""
    return st.one_of(st.integers(-10, 3 * DAY), st.sampled_from(days).map(DAY.__mul__))


class Following:
    """A café that follows what happens as its worker lets it; a look takes `slice` members."""

    def __init__(self, counter, tenant, *, slice: int) -> None:
        self.counter, self.session, self.tenant, self.slice = counter, counter.session, tenant, slice

    def midnight(self) -> None:
        freshness.turn_day(self.session, self.tenant, now=self.counter.now)
        freshness.follow_calendar(self.session, self.tenant, now=self.counter.now)

    def look(self) -> None:
        if freshness.is_of_today(self.session, self.tenant, now=self.counter.now):
            self.look_at(self.slice)

    def look_at(self, most: int) -> int:
        return freshness.look_at_touched(self.session, self.tenant, now=self.counter.now, most=most)

    def keep_up(self) -> None:
        """What a worker does until nothing is left."""
        self.midnight()
        while self.look_at(1000):
            continue

    def buy(self, number: int, who: str, amount: int, minutes_ago: int, **terms) -> None:
        occurred_at = self.counter.now - timedelta(minutes=minutes_ago)
        self.counter.buy(amount, external_id=f"r{number}", occurred_at=occurred_at, member=who, **terms)

    def do(self, kind: str, *arguments) -> None:
        """One of the steps that every history has, unless the café's rules refuse it."""
        match kind, arguments:
            case "refund", (which, amount):
                self._refund(which, amount)
            case "wait", (passed,):
                self.counter.wait(minutes=passed)
            case "move", (zone,):
                self.tenant.timezone = zone
                self.session.flush()
            case "look", ():
                self.look()
            case "midnight", ():
                self.midnight()

    def _refund(self, which: int, amount: int | None) -> None:
        try:
            with self.session.begin_nested():
                self.counter.refund(f"r{which}", amount)
        except Refusal:
            return
