"""`regulars scheduler`: ticks."""

import click
from redis import Redis

from web.cli.console import environment, keep_servers


@click.command()
def scheduler() -> None:
    """Ask every few seconds what is due and nudge the workers. Any number of schedulers may run."""
    from tasks import schedule

    redis = Redis.from_url(environment().redis_url)
    keep_servers()
    schedule.run(redis)
