"""A million mails in one go: whether the last are as fast as the first, what a worker's memory and the database's work
come to. `BENCH_SCALE=10` makes it ten times smaller."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import text

from bench import mailing, sink
from bench.house import House
from bench.mailing import Mailing
from bench.measures import Bound, Finding, Ratio
from bench.segments import SCALE
from domain.tenant_scope import tenant_scope
from models.database import db
from tasks import queues, slices
from tests.processes import children_of
from tests.statements import statements
from tests.waiting import until
from web.background import create_background_app

MAILS, WORKERS, SAMPLE = 1_000_000 // SCALE, 2, 5000
TENTHS = 10
_ONE_OF_OURS = "SELECT set_config('app.tenant_id'"
_GATEWAY = text("SELECT id FROM gateways")
_SENT = text("SELECT count(*) FROM messages WHERE state = 'sent'")


def run(house: House) -> Finding:
    """Plan all, send all, and look at every tenth of the way."""
    with house.database("million") as database, sink.running() as port:
        ours = mailing.open_mailing(house, database, mailing.smtp(port), per_round=MAILS, rounds=1, redis=7)
        ours.plan(0)
        ours.tidy()
        with mailing.workers(house, ours.settings, count=WORKERS) as parent, _watched(parent) as memory:
            moments = _moments(ours)
        ours.make_sure()
    with house.database("statements") as database, sink.running() as port:
        few = mailing.open_mailing(house, database, mailing.smtp(port), per_round=SAMPLE, rounds=2, redis=8)
        per_thousand = _statements(few)
    first, last = moments[1] - moments[0], moments[-1] - moments[-2]
    tenth = MAILS / TENTHS
    measures = [
        Ratio("the last tenth of a mailing, against the first", "mails/s", [tenth / last], [tenth / first], wanted=0.9),
        Bound("memory of a worker, at most", "MB", [max(memory) / 1e6], 200),
        Bound("statements for 1,000 mails", "", [per_thousand], 40),
    ]
    return Finding("million", measures, {"mails": MAILS, "seconds": round(moments[-1] - moments[0])})


def _moments(ours: Mailing) -> list[float]:
    """When the mailing began, and when each tenth of it was sent."""
    with ours.database.session(ours.cafe.id) as session:

        def sent() -> int:
            number = session.scalar(_SENT) or 0
            session.rollback()
            return number

        queues.nudge_delivery(ours.cafe.id)
        until(lambda: sent() > 0, what="the first mail", every=0.5)
        begun, moments = sent(), [time.perf_counter()]
        for part in range(1, TENTHS + 1):
            wanted = MAILS if part == TENTHS else begun + round((MAILS - begun) * part / TENTHS)
            until(lambda wanted=wanted: sent() >= wanted, within=3600, what="the next tenth", every=1.0)
            moments.append(time.perf_counter())
    return moments


@contextmanager
def _watched(parent: int) -> Iterator[list[int]]:
    """The resident memory of the parent's children meanwhile, in bytes."""
    seen, ended = [0], threading.Event()

    def watch() -> None:
        while not ended.wait(1.0):
            seen.extend(_resident(child) for child in children_of(parent))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield seen
    finally:
        ended.set()
        thread.join()


def _resident(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except FileNotFoundError:  # gone meanwhile
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS")), 0)


def _statements(few: Mailing) -> float:
    """For 1,000 mails, without BEGIN, COMMIT and the binding of the café, once everything is warm."""
    with create_background_app(few.settings).app_context(), tenant_scope(few.cafe.id):
        gateway_id = db.session.scalar(_GATEWAY)
        db.session.rollback()
        few.plan(0)
        _send_all(gateway_id)
        few.plan(1)
        with statements(db.engine) as seen:
            sent = _send_all(gateway_id)
    return 1000 * sum(not each.startswith(_ONE_OF_OURS) for each in seen) / sent


def _send_all(gateway_id: int) -> int:
    sent = 0
    while (each := slices.send(gateway_id, "instant")).claimed:
        sent += each.states["sent"]
    return sent
