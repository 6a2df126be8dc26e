"""`make demo`: Café Aurora, running. PORT moves it, RESET=1 starts afresh."""

import os
import shutil
import socket
import sys
import time
from pathlib import Path

from demo import cafe, earlier
from demo.places import Places
from domain import clock
from web import embedded
from web.cli import children
from web.cli import db as migrations
from web.cli.children import Child
from web.config import Settings
from web.embedded.settings import with_servers


def main() -> None:
    """Start everything, say where it is, and end it all on Ctrl-C."""
    places = Places(int(os.environ.get("PORT") or 8000))
    _set_environment(places)
    settings = Settings()
    if os.environ.get("RESET"):
        _start_afresh(settings.home)
    _refuse_taken(places)
    if earlier.is_outgrown(settings.home):
        sys.exit("The café of the last start is from an older version. Start afresh: make demo RESET=1")
    settings = with_servers(settings)
    migrations.upgrade(settings.database_owner_url, migrations.role_of(settings.database_url))
    _open(settings, places)
    earlier.remember(settings.home)
    children.run_for_ever(
        [
            Child([], module="demo.outside"),
            Child(["web", "--bind", f"127.0.0.1:{places.web}"]),
            Child(["worker", "--count", "2"]),
            Child(["scheduler"]),
        ]
    )
    print("Café Aurora is closed. Its data stay; RESET=1 starts afresh.")


def _open(settings: Settings, places: Places) -> None:
    known = cafe.remembered(settings.home)
    if known is not None:
        cafe.move(settings, known, places)
        return
    print("Opening Café Aurora and inventing its year …", flush=True)
    cafe.open_up(settings, places, now=clock.now())


def _set_environment(places: Places) -> None:
    """What the processes we start are told, unless it is set already."""
    os.environ["PUBLIC_URL"] = places.url(places.web)
    os.environ["DEMO_STARTED_AT"] = str(time.time())
    os.environ.setdefault("REGULARS_ENV", "development")
    os.environ["OUTBOUND_ALLOW"] = ",".join(f"127.0.0.1:{port}" for port in (places.smtp, places.twilio, places.square))


def _start_afresh(home: Path) -> None:
    embedded.stop(home)
    shutil.rmtree(home, ignore_errors=True)


def _refuse_taken(places: Places) -> None:
    taken = [port for port in places.all if _is_taken(port)]
    if taken:
        sys.exit(f"Port {', '.join(map(str, taken))} is in use. Move the demo: make demo PORT={places.web + 100}")


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


if __name__ == "__main__":
    main()
