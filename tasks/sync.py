"""Business systems: what they told us is worked through, and what their hooks lost is found again.

Safe to run twice and at the same time: hooks are claimed one by one, and a sale or refund is recorded once by its key.
No transaction is open while a system is asked.
"""

from datetime import datetime, timedelta

import httpx
import structlog

from connectors import accounts, inbox, outlets, square, till
from connectors.accounts import SquareSettings
from connectors.canon import CanonicalSale, Finding, Notice, Revoked
from connectors.errors import BadCredentials, ConnectorError, Permanent, RateLimited, Transient
from connectors.inbox import Claimed
from domain import clock
from domain.errors import Refusal
from domain.tenant_scope import bound_tenant_id, tenant_scope
from gateways.address import WEB, OutboundRules
from gateways.http import open_client
from models.database import db
from tasks import queues

SLICE = 50
_OVERLAP = timedelta(hours=1)  # what changes at Square shows in its lists a little later
_WINDOW = timedelta(days=1)
_LONGEST_ANSWER = 1024 * 1024

log = structlog.get_logger()


def process_hooks(tenant_id: int) -> None:
    """Work through a slice of a café's due hooks, oldest first, then go to the back of the line."""
    queues.taken("sync.process_hooks", tenant_id)
    with tenant_scope(tenant_id):
        for _ in range(SLICE):
            hook = _claim()
            if hook is None:
                return
            if not _work(hook):
                return
    queues.nudge_sync(tenant_id)


def catch_up(tenant_id: int, connector_id: int) -> None:
    """Ask a system for what changed since the last time, and keep what no hook told us as if one had.

    Windows overlap and finds are kept once, so asking again finds nothing new. How far we got is saved window by
    window; when the system does not answer, the next poll goes on from there.
    """
    queues.taken("sync.catch_up", tenant_id, connector_id)
    with tenant_scope(tenant_id):
        account = accounts.find(db.session(), connector_id)
        if account is None or account.stopped_at is not None:
            db.session.rollback()
            return
        since, settings = accounts.read_until(account), accounts.settings_of(account)
        account.polled_at = clock.now()
        db.session.commit()
        try:
            _read_windows(connector_id, settings, since)
        except BadCredentials as error:
            _stop(connector_id, error.detail)
        except ConnectorError as error:
            log.warning("poll.failed", tenant=tenant_id, connector=connector_id, reason=error.detail)


def _claim() -> Claimed | None:
    hook = inbox.claim(db.session(), now=clock.now())
    db.session.commit()
    return hook


def _work(hook: Claimed) -> bool:
    """Bring one hook to its end; False when the system does not answer and the others had better wait too."""
    try:
        finding = _ask(hook)
        _apply(hook, finding)
    except BadCredentials as error:
        _stop(hook.connector_id, error.detail)
        return False
    except Transient as error:
        _put_off(hook, error.detail, error.retry_after if isinstance(error, RateLimited) else None)
        return False
    except till.NotYet as error:
        _put_off(hook, error.detail)
    except (Permanent, Refusal) as error:
        _park(hook, _words(error))
    except Exception as error:
        log.exception("hook.failed", hook=hook.id, connector=hook.connector_id)
        _put_off(hook, f"This could not be recorded yet ({type(error).__name__}).")
    return True


def _ask(hook: Claimed) -> Finding:
    notice = square.read(hook.body)
    if notice is None:
        raise Permanent("This hook is not understood any more.")
    settings = _settings(hook.connector_id)
    connector = accounts.open_square(settings, _open_http)
    try:
        return connector.resolve(notice)
    finally:
        connector.close()


def _settings(connector_id: int) -> SquareSettings:
    account = accounts.find(db.session(), connector_id)
    if account is None:
        raise Permanent("This connection is gone.")
    settings = accounts.settings_of(account)
    db.session.rollback()  # the connection goes back to the pool before the system is asked
    return settings


def _open_http(host: str) -> httpx.Client:
    # Only the operator adds connectors, so their address is trusted, and a long order may be read whole.
    return open_client(OutboundRules(WEB, frozenset({host})), answer_bytes=_LONGEST_ANSWER)


def _apply(hook: Claimed, finding: Finding) -> None:
    """Record what was found and settle the hook, in one transaction."""
    now = clock.now()
    detail = till.record(db.session(), finding, location=_place(hook, finding), now=now)
    if not inbox.settle(db.session(), hook, detail=detail):
        db.session.rollback()  # our claim ran out: whoever has it now records the same
        return
    if isinstance(finding, Revoked):
        accounts.stop(db.session(), hook.connector_id, because=finding.reason, now=now)
    db.session.commit()
    if isinstance(finding, CanonicalSale):
        queues.nudge_delivery(bound_tenant_id())
        queues.nudge_segments(bound_tenant_id())


def _place(hook: Claimed, finding: Finding) -> str | None:
    """The location that a sale's shop is; a shop nobody has seen yet is remembered for the owner."""
    if not isinstance(finding, CanonicalSale):
        return None
    if finding.outlet:
        outlets.note(db.session(), hook.connector_id, {finding.outlet: ""})
    location = outlets.location_of(db.session(), hook.connector_id, finding.outlet)
    return location.name if location else None


def _words(error: Permanent | Refusal) -> str:
    fields = getattr(error, "errors", [])
    return " ".join([error.detail, *(f"{field.path}: {field.message}" for field in fields)])


def _put_off(hook: Claimed, detail: str, seconds: int | None = None) -> None:
    db.session.rollback()
    wait = timedelta(seconds=seconds) if seconds else None
    inbox.put_off(db.session(), hook, detail=detail, now=clock.now(), wait=wait)
    db.session.commit()


def _park(hook: Claimed, detail: str) -> None:
    db.session.rollback()
    inbox.park(db.session(), hook, detail=detail)
    db.session.commit()


def _stop(connector_id: int, because: str) -> None:
    db.session.rollback()
    accounts.stop(db.session(), connector_id, because=because, now=clock.now())
    db.session.commit()
    log.warning("connector.stopped", connector=connector_id, reason=because)


def _read_windows(connector_id: int, settings: SquareSettings, since: datetime) -> None:
    connector = accounts.open_square(settings, _open_http)
    try:
        _note_outlets(connector_id, connector.outlets())
        now = clock.now()
        while since < now:
            until = min(since + _WINDOW, now)
            for notices in connector.missed(since=since - _OVERLAP, until=until):
                _keep_missed(connector_id, notices)
            accounts.note_read(db.session(), connector_id, until=until)
            db.session.commit()
            since = until
    finally:
        connector.close()


def _note_outlets(connector_id: int, seen: dict[str, str]) -> None:
    outlets.note(db.session(), connector_id, seen)
    db.session.commit()


def _keep_missed(connector_id: int, notices: list[Notice]) -> None:
    now = clock.now()
    kept = [
        inbox.keep(db.session(), connector_id, key=each.key, kind=each.kind, body=each.body, now=now)
        for each in till.unknown(db.session(), square.SOURCE, notices)
    ]
    db.session.commit()
    if any(kept):
        queues.nudge_sync(bound_tenant_id())
