"""Segments of one large café: live counts, five questions at once against SQL by hand, everything worked out anew
against DuckDB, a thousand purchasers looked at again; and how all of it grows with the café.

`BENCH_SCALE=10` makes everything ten times smaller.
"""

import os
import time
from collections.abc import Callable, Mapping, Sequence

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from bench import crowd, growth, questions
from bench.crowd import Crowd
from bench.house import House
from bench.load import percentile
from bench.measures import Bound, Finding, Ratio, in_turn
from bench.questions import FEW, MANY, Question
from domain import clock
from domain.audience import membership, presets, segments
from domain.audience.facts.scope import Scope
from domain.loyalty import summaries
from models.segment import Segment
from models.tenant import Tenant
from tests.databases import Database

SCALE = int(os.environ.get("BENCH_SCALE", "1"))
SIZES = tuple(members // SCALE for members in (10_000, 100_000, 1_000_000))
COUNTS, ROUNDS, PURCHASERS = 40, 7, 1000

_NAMES = {"new": "New", "top": "Top", "defecting": "Defecting"}
_PURCHASERS = text(
    "SELECT member_id FROM member_summaries WHERE last_on < :today ORDER BY last_on DESC, member_id LIMIT :n"
)
_IN_MEMORY = text("SET LOCAL work_mem = '64MB'; SET LOCAL seq_page_cost = 0.5; SET LOCAL random_page_cost = 0.5")
_NONE_OWN = text("UPDATE segments SET archived_at = now() WHERE preset IS NULL")


def run(house: House) -> Finding:
    """Fill a database with three cafés, and measure the largest; the others tell how cost grows."""
    with house.database("segments") as database:
        today = clock.now().date()
        begins = time.perf_counter()
        cafes = crowd.fill(database, [Crowd(1, members) for members in SIZES], today=today)
        notes = {"seconds to fill": round(time.perf_counter() - begins), "members": SIZES[-1]}
        costs: dict[str, list[tuple[int, float]]] = {}
        measures: list[Ratio | Bound] = []
        for members, (tenant_id,) in zip(SIZES, cafes, strict=True):
            with database.session(tenant_id) as session:
                measures = _measured(house, database, session, session.get_one(Tenant, tenant_id))
            for each in measures:
                if isinstance(each, Bound):
                    costs.setdefault(each.name, []).append((members, each.value))
                    print(f"  {members:>9,} members: {each.name} {each.value:,.1f} {each.unit}", flush=True)
        growth.draw(costs)
        return Finding("segments", [*measures, *_growing(costs)], notes)


def _growing(costs: Mapping[str, Sequence[tuple[int, float]]]) -> list[Bound]:
    """How many times as much the largest café costs as the smallest, which has a hundredth of the members."""
    times = SIZES[-1] / SIZES[0]
    return [
        Bound(f"growth for {times:g} times the members: {name}", "times", [points[-1][1] / points[0][1]], times)
        for name, points in costs.items()
    ]


def _measured(house: House, database: Database, session: Session, tenant: Tenant) -> list[Ratio | Bound]:
    segments.open_cafe(session, tenant, now=clock.now())
    membership.recompute(session, tenant, now=clock.now())
    session.commit()
    crowd.settle(database)
    measures: list[Ratio | Bound] = []
    for preset, name in _NAMES.items():
        counts = [_ms(lambda p=preset: _count_preset(session, p, tenant)) for _ in range(COUNTS)]
        measures.append(Bound(f"live count of {name}, p95", "ms", [percentile(counts, 0.95)], at_most=150))
    for question, words in ((FEW, "five questions that few fulfil"), (MANY, "five questions that many fulfil")):
        measures += _asked(house, session, tenant, question, words)
    measures += _recomputed(house, database, session, tenant)
    ids = list(session.scalars(_PURCHASERS, {"today": clock.now().date(), "n": PURCHASERS}))
    again = [_ms(lambda: _look_again(session, tenant, ids)) for _ in range(ROUNDS)]
    measures.append(Bound("1,000 purchasers looked at again", "ms", again, at_most=1000))
    return measures


def _asked(house: House, session: Session, tenant: Tenant, question: Question, words: str) -> list[Ratio | Bound]:
    scope = Scope.of(tenant, now=clock.now())
    days = questions.moments(scope.today, {each: scope.start(each) for each in (7, 14, 30, 60, 90, 180, 365)})
    by_hand = text(question.by_hand)

    def ask() -> int:
        found = membership.question(session, Segment(definition=question.tree), scope).subquery()
        return _counted(session, select(func.count()).select_from(found), {})

    def ask_by_hand() -> int:
        session.execute(_IN_MEMORY)
        return _counted(session, by_hand, {name: days[name] for name in by_hand.compile().params})

    if ask() != ask_by_hand():
        raise RuntimeError(f"{words}: {ask()} found, {ask_by_hand()} by hand")
    figures = in_turn(ROUNDS, lambda _: _a_minute(ask), lambda _: _a_minute(ask_by_hand), before=lambda: None)
    slowest = percentile([60_000 / each for each in figures[0]], 0.95)
    return [Bound(f"{words}, p95", "ms", [slowest], at_most=1000), Ratio(words, "a minute", *figures, wanted=1 / 1.5)]


def _recomputed(house: House, database: Database, session: Session, tenant: Tenant) -> list[Ratio | Bound]:
    memory = questions.in_memory(database, tenant.id, house.home)
    today = summaries.local_date(tenant, clock.now())

    def recompute() -> int:
        moved = membership.recompute(session, tenant, now=clock.now())
        session.commit()
        return moved

    ours = [segment.size for segment in _presets(session)]
    theirs = list(questions.presets_in_memory(memory, today=today))
    if ours != theirs:
        raise RuntimeError(f"the presets hold {ours}, DuckDB finds {theirs}")
    figures = in_turn(
        ROUNDS,
        lambda _: _a_minute(recompute),
        lambda _: _a_minute(lambda: questions.presets_in_memory(memory, today=today)),
        before=lambda: None,
    )
    memory.close()
    words = "all segments worked out anew"
    anew = Bound(words, "ms", [60_000 / each for each in figures[0]], at_most=10_000)
    return [anew, Ratio(f"{words}, against DuckDB in memory", "a minute", *figures, wanted=1 / 12)]


def _presets(session: Session) -> list[Segment]:
    """The three presets in the order of their names above."""
    return [session.scalars(select(Segment).where(Segment.preset == each)).one() for each in _NAMES]


def _count_preset(session: Session, preset: str, tenant: Tenant) -> int:
    found = presets.matching(session, preset, presets.checked(preset, None), Scope.of(tenant, now=clock.now()))
    return _counted(session, select(func.count()).select_from(found.subquery()), {})


def _look_again(session: Session, tenant: Tenant, ids: Sequence[int]) -> int:
    moved = membership.refresh(session, tenant, ids, now=clock.now())
    session.commit()
    return moved


def _counted(session: Session, query, parameters: Mapping[str, object]) -> int:
    number = session.scalar(query, parameters)
    session.rollback()
    return number or 0


def _ms(work: Callable[[], object]) -> float:
    begins = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - begins)


def _a_minute(work: Callable[[], object]) -> float:
    return 60_000 / _ms(work)
