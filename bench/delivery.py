"""Delivery: personalised mails from claim to settled with a row per message, by two real workers, into the sink that
also takes them from django-post_office (tuned, two processes) and from a bare loop of two processes without policy."""

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median


from bench import bare_mails, mailing, sink, wording
from bench.house import House
from bench.mailing import Mailing
from bench.measures import Finding, Ratio, in_turn
from bench.wording import Words
from tests.databases import Database
from tests.processes import ROOT

WORKERS = 2
ROUNDS, PER_ROUND, FOR_POST_OFFICE = 3, 5_000, 500


def run(house: House) -> Finding:
    """Measure in turn. The first round of ours warms up and gives the wording."""
    path = house.home / "mails"
    with (
        house.database("delivery") as database,
        house.database("rivals") as theirs,
        sink.running(keep=path, first=PER_ROUND) as port,
    ):
        ours = mailing.open_mailing(
            house, database, mailing.smtp(port), per_round=PER_ROUND, rounds=ROUNDS + 1, redis=4
        )
        words = _words(ours, house.home)
        with mailing.workers(house, ours.settings, count=WORKERS):
            ours.deliver(0)
            figures = in_turn(
                ROUNDS,
                lambda number: ours.deliver(number + 1),
                lambda _: _bare(theirs, port, words),
                lambda _: _post_office(theirs, port, words),
                before=house.calm,
            )
        ours.make_sure()
        size = round(median(len(mail) for mail in sink.kept(path)))
    measures = [
        Ratio("mails, against a bare loop of two processes", "mails/s", figures[0], figures[1], wanted=0.6),
        Ratio("mails, against django-post_office", "mails/s", figures[0], figures[2], wanted=8),
    ]
    return Finding("delivery", measures, {"workers": WORKERS, "mails": PER_ROUND * ROUNDS, "bytes": size})


def _words(ours: Mailing, home: Path) -> Path:
    """The wording and the recipients of the first batch, which is planned already when it is delivered."""
    ours.plan(0)
    return wording.of(ours).keep(home / "words.pickle")


def _bare(database: Database, port: int, words: Path) -> float:
    told = Words.kept(words)
    bare_mails.fill(database.owner_url, told)
    command = ["bench.bare_mails", database.owner_url, str(port), str(words)]
    return len(told.recipients) / _timed([command] * WORKERS)


def _post_office(database: Database, port: int, words: Path) -> float:
    told = Words.kept(words)
    few = Words(told.subject, told.html, told.text, told.recipients[:FOR_POST_OFFICE])
    path = few.keep(words.with_name("few.pickle"))
    return FOR_POST_OFFICE / _timed([["bench.post_office", database.owner_url, str(port), str(path)]])


def _timed(commands: Sequence[Sequence[str]]) -> float:
    """Start modules as processes, let them go at once when all are ready: seconds to the last one's end."""
    crew = [
        subprocess.Popen(
            [sys.executable, "-m", *command], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for command in commands
    ]
    for process in crew:  # each tells that it is ready
        _line_of(process)
    begins = time.perf_counter()
    for process in crew:
        process.stdin.write("\n")  # type: ignore[union-attr]
        process.stdin.flush()  # type: ignore[union-attr]
    for process in crew:
        _line_of(process)
    seconds = time.perf_counter() - begins
    for process in crew:
        process.communicate()
    return seconds


def _line_of(process: subprocess.Popen) -> str:
    line = process.stdout.readline() if process.stdout else ""
    if not line:
        raise RuntimeError(f"{process.args} ended with {process.wait()}")
    return line
