"""A real SMTP server on loopback that keeps what it is given."""

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from demo.inbox.store import Store


class Catcher:
    """Accepts every e-mail and keeps it."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Called by aiosmtpd with a finished envelope."""
        self._store.keep_mail(envelope.original_content or b"")
        return "250 2.0.0 Ok: caught"


def listen(store: Store, port: int) -> Controller:
    """Listen on loopback until `stop()` of what is returned."""
    controller = Controller(Catcher(store), hostname="127.0.0.1", port=port, decode_data=False)
    controller.start()
    return controller
