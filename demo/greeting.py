"""What the demonstration says when everything runs."""

import os
import sys
import time

import httpx

from demo import cafe
from demo.cafe import Opened
from demo.places import Places

READY_WITHIN = 60.0
LOOK_EVERY = 0.2


def say_when_ready(places: Places, opened: Opened) -> None:
    """Wait until pages and inbox answer, then tell where they are and how to sign in."""
    deadline = time.monotonic() + READY_WITHIN
    while not all(_answers(port, path) for port, path in ((places.web, "/readyz"), (places.inbox, "/"))):
        if time.monotonic() > deadline:
            print("The demo does not get ready. What it says above tells why.", file=sys.stderr, flush=True)
            return
        time.sleep(LOOK_EVERY)
    seconds = time.time() - float(os.environ.get("DEMO_STARTED_AT", time.time()))
    print(
        f"""
  Café Aurora is open ({seconds:.0f} s).

    Regulars     {places.url(places.web)}
    signs in     {cafe.OWNER}
    password     {opened.password}
    API key      {opened.api_key}
    the inbox    {places.url(places.inbox)}   everything that is sent ends there;
                 a button lets the till ring up an order: watch the message arrive

  Ctrl-C closes it all.
""",
        flush=True,
    )


def _answers(port: int, path: str) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}{path}", timeout=2, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False
