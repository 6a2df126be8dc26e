"""Which system user runs PostgreSQL: it refuses to run as root, so root needs somebody else."""

import grp
import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

OWN_NAME = "regulars"
PREFERRED = ("postgres", OWN_NAME)


@dataclass(frozen=True, slots=True)
class SystemUser:
    """A user of this machine, by number."""

    uid: int
    gid: int


def for_data_in(folder: Path) -> SystemUser:
    """Who runs the server whose data lie in `folder`: its owner if it is there, else this user or root's stand-in."""
    if os.geteuid() != 0:
        return SystemUser(os.geteuid(), os.getegid())
    if folder.exists() and folder.stat().st_uid != 0:
        return SystemUser(folder.stat().st_uid, folder.stat().st_gid)
    entry = _existing() or _created() or pwd.getpwnam("nobody")
    return SystemUser(entry.pw_uid, entry.pw_gid)


def can_reach(user: SystemUser, path: Path) -> bool:
    """May this user walk down to `path` and, if it is there, enter or run it?"""
    resolved = path.resolve()
    there = [resolved] if resolved.exists() else []
    return all(_lets_through(each, user) for each in (*resolved.parents, *there))


def credentials(user: SystemUser) -> dict[str, object]:
    """The arguments of `subprocess` that make a child run as this user; none when it is us already."""
    if user.uid == os.geteuid():
        return {}
    return {"user": user.uid, "group": user.gid, "extra_groups": []}


def _existing() -> pwd.struct_passwd | None:
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    return next((known[name] for name in PREFERRED if name in known), None)


def _created() -> pwd.struct_passwd | None:
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if useradd is None:
        return None
    command = [useradd, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", OWN_NAME]
    subprocess.run(command, capture_output=True, check=False)  # another process may have been faster
    return _existing()


def _lets_through(path: Path, user: SystemUser) -> bool:
    status = path.stat()
    if status.st_uid == user.uid:
        return bool(status.st_mode & 0o100)
    if status.st_gid == user.gid or status.st_gid in _groups_of(user):
        return bool(status.st_mode & 0o010)
    return bool(status.st_mode & 0o001)


def _groups_of(user: SystemUser) -> set[int]:
    if user.uid != os.geteuid():
        return set()  # such a child is started without supplementary groups
    return set(os.getgroups()) & {group.gr_gid for group in grp.getgrall()}
