"""`make bench`, or `python -m bench NAME …` for some of them."""

import sys
from importlib import import_module

from bench import house, report
from domain import clock

# Each is a module here with `run(house) -> Finding`.
BENCHMARKS = (
    "purchases",
    "reward_mails",
    "delivery",
    "distant",
    "prompt",
    "million",
    "planning",
    "imports",
    "segments",
    "midnight",
    "faults",
)


def main(names: list[str]) -> None:
    """Run the named benchmarks, or all; write the results and print the table."""
    if unknown := [name for name in names if name not in BENCHMARKS]:
        sys.exit(f"There is no benchmark {', '.join(unknown)}. There are: {', '.join(BENCHMARKS)}.")
    began_at, findings = clock.now(), []
    with house.opened() as here:
        machine = report.machine(here.servers.addresses.admin_url)
        for name in names or BENCHMARKS:
            print(f"{name} …", flush=True)
            findings.append(import_module(f"bench.{name}").run(here))
    report.write(findings, machine, began_at=began_at)
    print(report.table(findings))


if __name__ == "__main__":
    main(sys.argv[1:])
