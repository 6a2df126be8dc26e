"""Whether the tables of an earlier start are those that today's migrations make: while nothing is in production a
migration may still be rewritten, and a home that was made by the older one cannot be brought to the newer."""

import json
from hashlib import sha256
from pathlib import Path

from web.config import PROJECT

NOTE = "demo-tables.json"


def remember(home: Path) -> None:
    """Note which migrations made the tables of this home."""
    (home / NOTE).write_text(json.dumps(_migrations()))


def is_outgrown(home: Path) -> bool:
    """Whether a migration that made this home's tables reads differently now, or was never noted."""
    if not (home / "demo.json").exists():
        return False
    note = home / NOTE
    made_by: dict[str, str] = json.loads(note.read_text()) if note.exists() else {"": ""}
    today = _migrations()
    return any(today.get(name) != print_ for name, print_ in made_by.items())


def _migrations() -> dict[str, str]:
    files = sorted((PROJECT / "migrations" / "versions").glob("*.py"))
    return {each.name: sha256(each.read_bytes()).hexdigest() for each in files}
