"""`regulars doctor`: is everything there that the product needs?"""

from collections.abc import Callable
from dataclasses import asdict, dataclass

import click
import redis
from rq import Queue, Worker
from rq.serializers import JSONSerializer
from rq_scheduler import Scheduler
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from domain.accounts import vault
from domain.delivery import accounts
from domain.tenant_scope import tenant_scope
from models.tenant import Tenant
from tasks.queues import LANES
from web.cli import db as migrations
from web.cli.console import Answer, ends_with_json, environment, session
from web.config import DEVELOPMENT_SECRET, Settings


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at, and what was found."""

    name: str
    ok: bool
    detail: str


@click.command()
@ends_with_json
def doctor() -> Answer:
    """Check database, Redis, migrations, workers, scheduler, gateways and keys; exit code 1 if something is wrong."""
    settings = environment()
    checks = [
        *_looked("database", lambda: _database(settings)),
        *_looked("redis", lambda: _redis(settings)),
        _keys(settings),
    ]
    return {"ok": all(check.ok for check in checks), "checks": [asdict(check) for check in checks]}


def _looked(name: str, look: Callable[[], list[Check]]) -> list[Check]:
    """What a look found, or why there was nothing to look at."""
    try:
        return look()
    except (SQLAlchemyError, redis.RedisError) as error:
        return [Check(name, False, str(getattr(error, "orig", None) or error).strip())]


def _database(settings: Settings) -> list[Check]:
    with session() as db_session:
        version = db_session.connection().dialect.server_version_info or (0,)
        checks = [Check("database", version >= (16,), f"PostgreSQL {'.'.join(map(str, version))}"), _role(db_session)]
        reached, newest = migrations.reached(db_session.connection()), migrations.newest()
        said = f"at {reached}" if reached == newest else f"at {reached}, needs {newest}: run regulars db upgrade"
        checks.append(Check("migrations", reached == newest, said))
        return checks + ([_gateways(db_session)] if reached == newest else [])


def _role(db_session: Session) -> Check:
    """The walls between cafés hold only for a role that can't pass them."""
    row = db_session.connection().exec_driver_sql(
        "SELECT rolname, rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
    )
    name, passes = row.one()
    return Check(
        "role", not passes, f"{name} {'passes every wall between cafés' if passes else 'is held by the walls'}"
    )


def _gateways(db_session: Session) -> Check:
    """Every gateway serves, and its credentials open."""
    tenants = db_session.execute(select(Tenant.id, Tenant.slug)).all()
    db_session.rollback()
    wrong, found = [], 0
    for tenant_id, slug in tenants:
        with tenant_scope(tenant_id):
            for account in accounts.all_of(db_session):
                found += 1
                wrong += [f"{slug}: {account.provider} {said}" for said in _complaints(account)]
            db_session.rollback()
    return Check("gateways", not wrong, "; ".join(wrong) or f"{found} in service")


def _complaints(account: accounts.GatewayAccount) -> list[str]:
    if account.stopped_at is not None:
        return [f"is stopped: {account.stopped_because}"]
    try:
        accounts.settings_of(account)
    except vault.WrongKey as error:
        return [str(error)]
    return []


def _redis(settings: Settings) -> list[Check]:
    with redis.Redis.from_url(settings.redis_url, socket_timeout=2, socket_connect_timeout=2) as client:
        version = client.info("server")["redis_version"]
        return [Check("redis", True, f"Redis {version}"), _workers(client), _scheduler(client)]


def _workers(client: redis.Redis) -> Check:
    """Every lane has somebody who listens."""
    workers = Worker.all(connection=client, serializer=JSONSerializer)
    heard = {name for worker in workers for name in worker.queue_names()}
    waiting = {lane: Queue(lane, connection=client).count for lane in LANES}
    deaf = [lane for lane in LANES if lane not in heard]
    said = f"{len(workers)} running, {sum(waiting.values())} jobs waiting"
    return Check("workers", not deaf, f"nobody listens to {', '.join(deaf)}; {said}" if deaf else said)


def _scheduler(client: redis.Redis) -> Check:
    """Somebody ticks: a scheduler keeps a key that ends by itself soon after it does."""
    keys = client.scan_iter(f"{Scheduler.redis_scheduler_namespace_prefix}*")
    living = [key for key in keys if not client.hexists(key, "death")]
    return Check("scheduler", bool(living), f"{len(living)} running" if living else "none: run regulars scheduler")


def _keys(settings: Settings) -> Check:
    defaults = [name for name in ("secret_key", "credentials_key") if DEVELOPMENT_SECRET in getattr(settings, name)]
    if defaults:
        names = " and ".join(name.upper() for name in defaults)
        return Check("keys", not settings.is_production, f"{names}: development only, set before production")
    return Check("keys", True, "set")
