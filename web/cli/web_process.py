"""`regulars web`: the pages and the API, served by gunicorn."""

import os
from typing import Any

import click
from flask import Flask
from gunicorn.app.base import BaseApplication

from web.application import build
from web.cli.console import environment, keep_servers
from web.config import Settings

THREADS = 8
MOST_PROCESSES = 4  # of one command; more machines carry more


class Server(BaseApplication):
    """gunicorn with our settings. Modules are imported once, here; each process builds the app for itself, so that no
    connection crosses a fork."""

    def __init__(self, settings: Settings, *, bind: str, processes: int) -> None:
        self._settings = settings
        self._bind = bind
        self._processes = processes
        super().__init__()

    def load_config(self) -> None:
        options = {
            "bind": self._bind,
            "workers": self._processes,
            "worker_class": "gthread",
            "threads": THREADS,
            "timeout": 60,
            "graceful_timeout": 10,
            "keepalive": 5,
            "max_requests": 50_000,
            "max_requests_jitter": 5_000,
            "control_socket_disable": True,
            "proc_name": "regulars-web",
            "post_worker_init": lambda _worker: keep_servers(),
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        return build(self._settings)


@click.command()
@click.option("--bind", default="127.0.0.1:8000", show_default=True, metavar="HOST:PORT")
@click.option(
    "--processes", type=click.IntRange(1), default=min(os.cpu_count() or 1, MOST_PROCESSES), show_default=True
)
def web(**options: Any) -> None:
    """Serve pages and API."""
    Server(environment(), **options).run()
