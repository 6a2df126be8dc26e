"""Who holds a lease: a name that nobody else has, and that tells where its process ran."""

import os
import socket
from uuid import uuid4


def new_owner() -> str:
    """A name for one piece of work of this process."""
    return f"{socket.gethostname()}.{os.getpid()}.{uuid4().hex[:12]}"
