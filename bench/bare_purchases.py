"""The least that could ring up a purchase: a bare Flask view on the product's own HTTP server, which executes the
statements that the product executed for the same receipt, without reading, judging or working out anything."""

import pickle
import sys
from pathlib import Path
from typing import Any

from flask import Flask, Response, request
from psycopg_pool import ConnectionPool

from bench.recording import Step, numbers
from web.cli.console import environment
from web.cli.web_process import Server
from web.config import Settings

Script = dict[str, tuple[list[Step], str]]  # by the receipt's number: what to execute and to answer


class BareServer(Server):
    """The product's server with the bare view in it."""

    def __init__(self, settings: Settings, script: Path, **options: Any) -> None:
        self._script = script
        super().__init__(settings, **options)

    def load(self) -> Flask:
        return _app(pickle.loads(self._script.read_bytes()), self._settings.database_url or "")


def _app(script: Script, database_url: str) -> Flask:
    app = Flask("bare")
    pool = ConnectionPool(database_url, min_size=8, max_size=16, open=True)

    @app.post("/api/v1/purchases")
    def create() -> Response:
        steps, answer = script[request.get_json()["external_id"]]
        with pool.connection() as connection:  # commits at the end
            own: dict[int, int] = {}
            for step in steps:
                cursor = connection.execute(step.statement, step.filled(own))
                rows = cursor.fetchall() if cursor.description else ()
                own |= {recorded: numbers(rows[row][column])[place] for row, column, place, recorded in step.made}
        return Response(answer, 201, mimetype="application/json")

    return app


if __name__ == "__main__":
    bind, processes, script = sys.argv[1:]
    BareServer(environment(), Path(script), bind=bind, processes=int(processes)).run()
