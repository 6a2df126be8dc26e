"""How soon a reward's mail leaves while another café sends a hundred thousand: from the till to the hand-over.

`BENCH_SCALE=10` makes the other café ten times smaller.
"""

import json
import time
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import text

from bench import load, mailing, members, sink, unlocks
from bench.house import Cafe, House, open_cafe
from bench.measures import Bound, Finding
from bench.purchases import PATH, product
from bench.segments import SCALE
from domain import clock
from tasks import queues
from tests.databases import Database
from tests.processes import regulars
from tests.waiting import until

OTHERS, GUESTS, EVERY = 100_000 // SCALE, 120, 0.25
WORKERS = 2

_TO_THE_BACK = text("UPDATE messages SET lane = 'mass' WHERE state = 'planned'")
_LEFT = text("""
    SELECT m.external_id, x.sent_at FROM messages x JOIN members m ON m.id = x.member_id WHERE x.sent_at IS NOT NULL""")


def run(house: House) -> Finding:
    """One café's mailing in the lane of the many, and in it one guest after the other at another café's till."""
    with house.database("prompt") as database, sink.running() as port:
        ours = mailing.open_mailing(house, database, mailing.smtp(port), per_round=OTHERS, rounds=1, redis=9)
        cafe = _cafe(database, port)
        ours.plan(0)
        with database.session(ours.cafe.id) as session:
            session.execute(_TO_THE_BACK)
            session.commit()
        ours.tidy()
        environment = house.environment(ours.settings)
        with (
            mailing.workers(house, ours.settings, count=WORKERS),
            regulars("scheduler", environment=environment),
            product(house, ours.settings) as web,
        ):
            queues.nudge_delivery(ours.cafe.id)
            asked = _ring_up(web, cafe)
            waited = _waited(database, cafe, asked)
            with database.session(ours.cafe.id) as session:
                busy = mailing.is_under_way(session)
    measures = [
        Bound("till to hand-over beside a mailing, p50", "ms", [load.percentile(waited, 0.5)], 1000),
        Bound("till to hand-over beside a mailing, p95", "ms", [load.percentile(waited, 0.95)], 3000),
    ]
    return Finding("prompt", measures, {"guests": GUESTS, "the others": OTHERS, "they were sending to the end": busy})


def _cafe(database: Database, port: int) -> Cafe:
    cafe, now = open_cafe(database, slug="borealis"), clock.now()
    with database.session(cafe.id) as session:
        members.invite(session, GUESTS, now=now)
        unlocks.offer(session, ["email"], threshold=10)
        mailing.connect(session, mailing.smtp(port), now=now)
        session.commit()
    return cafe


def _ring_up(port: int, cafe: Cafe) -> dict[str, datetime]:
    """One purchase after the other, each enough for the reward: when it was told, by guest."""
    asked = {}
    for number in range(1, GUESTS + 1):
        guest = f"m-{number}"
        now = clock.now()
        body = {
            "external_id": f"till-{number}",
            "member": {"external_id": guest},
            "occurred_at": now.isoformat(),
            "amount": "12.00",
            "currency": "EUR",
            "channel": "pos",
        }
        load.send(port, [load.post(PATH, json.dumps(body).encode(), api_key=cafe.api_key)], clients=1)
        asked[guest] = now
        time.sleep(EVERY)
    return asked


def _waited(database: Database, cafe: Cafe, asked: dict[str, datetime]) -> Sequence[float]:
    """Milliseconds from each request to the hand-over of its mail."""
    with database.session(cafe.id) as session:

        def left() -> dict[str, datetime]:
            found = dict(session.execute(_LEFT).all())
            session.rollback()
            return found if len(found) == len(asked) else {}

        sent = until(left, within=120, what="the last reward mail", every=0.2)
    return [(sent[guest] - told) / timedelta(milliseconds=1) for guest, told in asked.items()]
