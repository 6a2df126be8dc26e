"""What a home remembers between two starts: ports and passwords, so that addresses stay the same."""

import json
import os
import secrets
import socket
from dataclasses import asdict, dataclass, field
from pathlib import Path


def _password() -> str:
    return secrets.token_hex(16)


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass(slots=True)
class Memory:
    """Ports and passwords of one home. `prepared` tells that roles and database have been made."""

    postgres_port: int = 0
    redis_port: int = 0
    admin_password: str = field(default_factory=_password)
    owner_password: str = field(default_factory=_password)
    app_password: str = field(default_factory=_password)
    redis_password: str = field(default_factory=_password)
    prepared: bool = False

    def take_free_ports(self) -> None:
        """Keep the ports of last time; take others where somebody sits on them now. Call while no server runs."""
        if not is_free(self.postgres_port):
            self.postgres_port = free_port()
        while not is_free(self.redis_port) or self.redis_port == self.postgres_port:
            self.redis_port = free_port()

    def save(self, path: Path) -> None:
        """Write it whole or not at all, readable by its owner only."""
        draft = path.with_suffix(".new")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(asdict(self), file)
        draft.replace(path)


def recall(path: Path) -> Memory:
    """What was saved, or fresh passwords and no ports yet."""
    if not path.exists():
        return Memory()
    return Memory(**json.loads(path.read_text()))


def is_free(port: int) -> bool:
    """Could a server listen on this port of 127.0.0.1?"""
    if not port:
        return False
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
