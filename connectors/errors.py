"""What can go wrong while a business system is asked, by what is to be done about it."""


class ConnectorError(Exception):
    """A system did not answer what was asked. `detail` is for the owner: no tokens, no bodies."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class Permanent(ConnectorError):
    """Asking again changes nothing."""


class NotThere(Permanent):
    """The system does not know this id."""


class Transient(ConnectorError):
    """Unreachable, out of order or answering nonsense: ask again later."""


class RateLimited(Transient):
    """Too many questions. `retry_after` in seconds where the system said so."""

    def __init__(self, detail: str, *, retry_after: int | None = None) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class BadCredentials(ConnectorError):
    """The system does not let us in any more: the owner must connect again."""
