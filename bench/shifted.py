"""A process of the product whose clock jumps: `python -m bench.shifted FILE ARGUMENTS …` runs the console with a clock
that is off by as many seconds as FILE says now. The database keeps its own time, as it does when a machine's clock is
set."""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from domain import clock


def shift(path: Path) -> None:
    """From here on `clock.now` is off by what the file says."""

    def now() -> datetime:
        return datetime.now(UTC) + timedelta(seconds=float(path.read_text() or 0))

    clock.now = now


def main() -> None:
    shift(Path(sys.argv[1]))
    from web.cli import main as console

    sys.argv = ["regulars", *sys.argv[2:]]
    console()


if __name__ == "__main__":
    main()
