"""Delivery: personalised mails from claim to settled with a row per message, by two real workers, into the sink that
also takes them from django-post_office (tuned, two processes) and from a bare loop of two processes without policy."""

import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

from bench import bare_mails, mailing, sink, wording
from bench.house import House
from bench.mailing import Mailing
from bench.measures import Finding, Ratio, in_turn
from bench.wording import Words
from tests.processes import ROOT

WORKERS = 2
ROUNDS, PER_ROUND, FOR_POST_OFFICE = 3, 10_000, 1_000


@dataclass(frozen=True, slots=True)
class Rival:
    """Where the others have their rows, whose members they write to, and into which sink."""

    url: str
    ours: Mailing
    port: int

    def command(self, name: str, words: Path) -> list[str]:
        """A process of theirs."""
        cafe = (self.ours.database.url, str(self.ours.cafe.id))
        return [f"bench.{name}", self.url, *cafe, str(self.port), str(words)]


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
        rival = Rival(theirs.owner_url, ours, port)
        with mailing.workers(house, ours.settings, count=WORKERS):
            ours.deliver(0)
            ours.tidy()
            figures = in_turn(
                ROUNDS,
                lambda number: ours.deliver(number + 1),
                lambda _: _bare(rival, words),
                lambda _: _post_office(rival, words),
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


def _bare(rival: Rival, words: Path) -> float:
    told = Words.kept(words)
    bare_mails.fill(rival.url, told)
    return len(told.messages) / _timed([rival.command("bare_mails", words)] * WORKERS)


def _post_office(rival: Rival, words: Path) -> float:
    told = Words.kept(words)
    few = replace(told, messages=told.messages[:FOR_POST_OFFICE]).keep(words.with_name("few.pickle"))
    return FOR_POST_OFFICE / _timed([rival.command("post_office", few)])


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
