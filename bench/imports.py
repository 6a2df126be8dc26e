"""Guests from a file: what the product makes of 100,000 rows (read, told apart, merged, touched, told), against bare
statements: one COPY of the text and one `INSERT … ON CONFLICT` that believes every cell and writes members alone, where
the product also keeps their registrations and summaries."""

import io
import time
from collections.abc import Callable
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import psycopg
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from bench.house import House, open_cafe
from bench.measures import Bound, Finding, Ratio, in_turn
from domain import clock, tables
from domain.accounts import audit
from domain.audience.imports import columns, records
from domain.audience.imports.guests import MemberFile
from domain.audience.imports.merging import Loading
from domain.audience.imports.readings import Ground, Reader
from domain.audience.imports.records import Hold
from domain.tenant_scope import tenant_scope
from tasks.loading import Load
from tests.databases import Database

ROWS = 100_000
ROUNDS = 3
HEADER = "external_id,first_name,last_name,email,phone,card,birthday,joined_on"
ZONE = ZoneInfo("Europe/Vienna")
FIRST, LAST = ("Nora", "Zsófia", "Emil", "Ayşe", "Theo"), ("Novak", "Wagner", "Huber", "Yılmaz", "Kovács")

_STAGE = text(f"CREATE TEMPORARY TABLE stage ({HEADER.replace(',', ' text, ')} text) ON COMMIT DROP")
_MERGE = text("""
    INSERT INTO members (external_id, first_name, last_name, email, phone, phone_country, phone_takes_texts, card,
                         birthday, joined_on)
    SELECT external_id, first_name, last_name, email, phone, 'AT', true, card, birthday::date, joined_on::date
      FROM stage
        ON CONFLICT (tenant_id, external_id)
        DO UPDATE SET first_name = excluded.first_name, last_name = excluded.last_name, email = excluded.email,
                      phone = excluded.phone, card = excluded.card, birthday = excluded.birthday""")


def run(house: House) -> Finding:
    """Load the same file into an empty café over and over; then once more, when nothing in it is new."""
    path = house.home / "guests.csv"
    path.write_text(_guests())
    with house.database("imports") as database:
        cafe = open_cafe(database, slug="aurora")
        engine = create_engine(database.url)
        again: list[float] = []

        def ours(_: int) -> float:
            took = _timed(lambda: _import(engine, cafe.id, path))
            again.append(_timed(lambda: _import(engine, cafe.id, path)))
            return ROWS / took

        def bare(_: int) -> float:
            return ROWS / _timed(lambda: _copy_and_insert(engine, cafe.id, path))

        figures = in_turn(ROUNDS, ours, bare, before=lambda: _empty(house, database))
        engine.dispose()
    measures = [
        Ratio("importing 100,000 new guests", "rows/s", *figures, wanted=0.07),
        Bound("importing 100,000 new guests", "s", [ROWS / each for each in figures[0]], at_most=ROWS / 5000),
        Bound("the same file again", "s", again, at_most=ROWS / 5000),
    ]
    return Finding("imports", measures, {"rows": ROWS, "columns": HEADER.count(",") + 1})


def _guests() -> str:
    born, joined = date(1960, 1, 1), date(2020, 1, 1)
    lines = (
        f"g-{n},{FIRST[n % 5]},{LAST[n // 5 % 5]} {n},guest{n}@mail{n % 300}.example,+43664{1000000 + n},card-{n},"
        f"{born + timedelta(n % 15000)},{joined + timedelta(n % 1500)}"
        for n in range(ROWS)
    )
    return "\n".join((HEADER, *lines)) + "\n"


def _import(engine, tenant_id: int, path: Path) -> None:
    now = clock.now()
    with tenant_scope(tenant_id), Session(engine) as session:
        row = records.begin_here(session, records.MEMBERS, path.name, owner="bench", now=now)
        held = Hold(row.id, "bench")
        session.commit()
        table = tables.opened(io.BytesIO(path.read_bytes()))
        reader = Reader(columns.assign_members(table.headers, {}), Ground("AT", ZONE, None, now), keeps_cells=False)
        file = MemberFile(reader, Loading(held.import_id, audit.SYSTEM, now, ZONE.key))
        with closing(Load(engine, file, table.lines)) as load:
            load.read(held)
            figures = load.merge(held)
            records.end(load.session, held, "done", now=now, figures=dict(figures))
            load.session.commit()
    if figures["refused"] or figures["rows"] != ROWS:
        raise RuntimeError(f"not all rows were imported: {figures}")


def _copy_and_insert(engine, tenant_id: int, path: Path) -> None:
    with tenant_scope(tenant_id), Session(engine) as session:
        session.execute(_STAGE)
        connection = session.connection().connection
        with connection.cursor() as cursor, cursor.copy("COPY stage FROM STDIN (FORMAT csv, HEADER)") as copy:
            copy.write(path.read_bytes())
        session.execute(_MERGE)
        session.commit()


def _timed(work: Callable[[], None]) -> float:
    begins = time.perf_counter()
    work()
    return time.perf_counter() - begins


def _empty(house: House, database: Database) -> None:
    with psycopg.connect(database.owner_url) as connection:
        connection.execute("TRUNCATE members, imports CASCADE")
    house.calm()
