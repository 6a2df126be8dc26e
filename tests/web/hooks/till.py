"""A till connected to a café, as tests drive it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from contextvars import Context
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from connectors import accounts, square
from domain import clock
from domain.accounts import hook_tokens
from domain.tenant_scope import bound_tenant_id
from tasks import sync
from tests.played.square import Hook, PlayedSquare


@dataclass
class Till:
    """A played Square and the café it is connected to. Hooks go to `receive`, straight into the application.

    The door and the queue run in a context of their own: nothing is bound there but what they bind themselves.
    """

    square: PlayedSquare
    app: Flask
    tenant_id: int
    connector_id: int
    path: str
    at: datetime | None = None  # when the door and the queue do their work, if not now

    def post(self, body: bytes, **headers: str) -> TestResponse:
        """Post bytes to the hook's address."""
        client = self.app.test_client()
        return Context().run(
            self._at, self.at, client.post, self.path, data=body, content_type="application/json", headers=headers
        )

    def tell(self, *hooks: Hook) -> list[int]:
        """Post these hooks, or all that were sent so far, as Square would, and return the statuses."""
        return [
            self.post(hook.body, **{square.SIGNATURE_HEADER: hook.signature}).status_code
            for hook in hooks or self.square.sent
        ]

    def work(self, at: datetime | None = None) -> None:
        """Work through what was told, at this instant or now."""
        Context().run(self._at, at or self.at, self._run, sync.process_hooks, self.tenant_id)

    def poll(self) -> None:
        """Ask Square for what no hook told."""
        Context().run(self._at, self.at, self._run, sync.catch_up, self.tenant_id, self.connector_id)

    def _at(self, at: datetime | None, act: Callable[..., Any], *args: Any, **named: Any) -> Any:
        with clock.set_to(at) if at else nullcontext():
            return act(*args, **named)

    def _run(self, task: Callable[..., None], *ids: int) -> None:
        with self.app.app_context():
            task(*ids)


@contextmanager
def connected(session: Session, app: Flask) -> Iterator[Till]:
    """A played Square that the café of this session is connected to. It sends no hook itself: tests post them."""
    with PlayedSquare() as played, played.losing_hooks():
        values = {"access_token": played.access_token, "signature_key": played.signature_key, "url": played.url}
        account, token = accounts.add(
            session, tenant_id=bound_tenant_id(), system="square", values=values, now=clock.now()
        )
        session.commit()
        till = Till(played, app, bound_tenant_id(), account.id, hook_tokens.path("square", token))
        played.notification_url = app.config["SETTINGS"].public_url + till.path
        yield till
