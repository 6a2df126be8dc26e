"""Purchases: `POST /api/v1/purchases` on the product's HTTP server with 8 clients, against a bare view that executes
the very same statements on the same kind of server."""

import pickle
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from http.client import HTTPConnection
from pathlib import Path

import psycopg
from sqlalchemy import text

from bench import history, load, members, receipts, recording
from bench.house import Cafe, House, open_cafe
from bench.measures import Bound, Finding, Ratio, in_turn
from bench.receipts import Receipt
from domain import clock
from models.database import db
from tests.databases import Database
from tests.processes import ROOT, regulars
from tests.waiting import until
from web import create_app
from web.config import Settings
from web.embedded.memory import free_port

PATH = "/api/v1/purchases"
CLIENTS, PROCESSES = 8, 2
KNOWN = 5000  # members with a history
ROUNDS, PER_ROUND = 7, 500
WRITTEN = ("purchases", "purchase_items", "ledger_entries", "lots", "events", "reward_events", "messages")


def run(house: House) -> Finding:
    """Measure, and make sure that both sides wrote the same number of rows."""
    with house.database("cafe") as original:
        cafe, told = _open(original)
        script = house.home / "purchases.script"
        script.write_bytes(pickle.dumps(_recorded(house, original, cafe, told)))
        with house.database("ours", like=original) as ours, house.database("bare", like=original) as bare:
            finding = _measured(house, cafe, told, ours, bare, script)
            _compare(ours, bare, cafe)
    return finding


def _open(database: Database) -> tuple[Cafe, list[Receipt]]:
    now, count = clock.now(), PER_ROUND * (ROUNDS + 1)
    cafe = open_cafe(database, slug="aurora", now=now)
    with database.session(cafe.id) as session:
        members.invite(session, KNOWN + count, now=now)
        history.set_terms(session, now=now)
        history.write(session, known=KNOWN, now=now)
        session.commit()
    with psycopg.connect(database.owner_url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
    return cafe, receipts.ring_up(count, known=KNOWN, now=now)


def _recorded(house: House, original: Database, cafe: Cafe, told: Sequence[Receipt]) -> dict[str, object]:
    """What the product executes for each receipt, and what it answers."""
    with house.database("recording", like=original) as database:
        recording.prepare(database)
        app = create_app(house.settings(database))
        with app.app_context(), recording.recorded(db.engine) as recorded:
            script = {each.external_id: (_answer(app.test_client(), cafe, each), recorded.take()) for each in told}
            db.engine.dispose()
    return {name: (steps, answer) for name, (answer, steps) in script.items()}


def _answer(client, cafe: Cafe, receipt: Receipt) -> str:
    headers = {"Authorization": f"Bearer {cafe.api_key}", "Content-Type": "application/json"}
    answer = client.post(PATH, data=receipt.body, headers=headers)
    if answer.status_code != 201:
        raise RuntimeError(answer.text)
    return answer.text


def _measured(
    house: House, cafe: Cafe, told: Sequence[Receipt], ours: Database, bare: Database, script: Path
) -> Finding:
    rounds = [
        [load.post(PATH, each.body, api_key=cafe.api_key) for each in told[first : first + PER_ROUND]]
        for first in range(0, len(told), PER_ROUND)
    ]
    slowest: list[float] = []

    def measure(port: int, latencies: list[float], number: int) -> float:
        answered = load.send(port, rounds[number + 1], clients=CLIENTS)
        latencies.append(1000 * load.percentile(answered.latencies, 0.95))
        return answered.per_second

    with product(house, house.settings(ours)) as port, _bare(house, house.settings(bare, redis=1), script) as other:
        for each in (port, other):
            load.send(each, rounds[0], clients=CLIENTS)
        figures = in_turn(ROUNDS, partial(measure, port, slowest), partial(measure, other, []), before=house.calm)
    measures = [
        Ratio("purchases through the API", "requests/s", *figures, wanted=0.5),
        Bound("purchases, 95th percentile with 8 clients", "ms", slowest, at_most=300),
    ]
    return Finding("purchases", measures, {"clients": CLIENTS, "processes": PROCESSES, "requests": PER_ROUND * ROUNDS})


@contextmanager
def product(house: House, settings: Settings) -> Iterator[int]:
    port = free_port()
    bind = ("--bind", f"{load.HOST}:{port}", "--processes", str(PROCESSES))
    with regulars("web", *bind, environment=house.environment(settings)):
        until(lambda: _answers(port), what="an answer of the product")
        yield port


@contextmanager
def _bare(house: House, settings: Settings, script: Path) -> Iterator[int]:
    port = free_port()
    command = [sys.executable, "-m", "bench.bare_purchases", f"{load.HOST}:{port}", str(PROCESSES), str(script)]
    process = subprocess.Popen(command, cwd=ROOT, env=house.environment(settings), stdin=subprocess.DEVNULL)
    try:
        until(lambda: _answers(port), what="an answer of the bare view")
        yield port
    finally:
        process.terminate()
        process.wait(20)


def _answers(port: int) -> bool:
    connection = HTTPConnection(load.HOST, port, timeout=10)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status in (200, 404)
    except OSError:  # not yet
        return False
    finally:
        connection.close()


def _compare(ours: Database, bare: Database, cafe: Cafe) -> None:
    written, replayed = _rows(ours, cafe), _rows(bare, cafe)
    if written != replayed:
        raise RuntimeError(f"the two sides did not do the same work: {written} and {replayed}")


def _rows(database: Database, cafe: Cafe) -> dict[str, int]:
    with database.session(cafe.id) as session:
        return {table: session.scalar(text(f"SELECT count(*) FROM {table}")) for table in WRITTEN}
