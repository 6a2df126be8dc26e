"""`regulars worker`: takes jobs."""

import click

from web.cli import children
from web.cli.children import Child
from web.cli.console import application, keep_servers


@click.command()
@click.option("--count", type=click.IntRange(1, 64), default=1, show_default=True, help="How many processes.")
@click.option("--burst", is_flag=True, help="End when there is nothing left to do.")
@click.option("--number", type=click.IntRange(0), hidden=True, help="Which of them this process is.")
def worker(*, count: int, burst: bool, number: int | None) -> None:
    """Take jobs. With more than one process, the first listens to what members wait for and to nothing else."""
    if count == 1 or number is not None:
        _work(number or 0, count, burst=burst)
        return
    more = ["--burst"] if burst else []
    crew = [Child(["worker", "--count", str(count), "--number", str(each), *more]) for each in range(count)]
    if not burst:
        children.run_for_ever(crew)
    elif not children.run_once(crew):
        raise SystemExit(1)


def _work(number: int, count: int, *, burst: bool) -> None:
    from tasks import worker as workers

    with application() as app:
        keep_servers()
        workers.run(app, workers.lanes_of(number, count), burst=burst)
