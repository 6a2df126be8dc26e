"""Where everything of the demonstration listens: loopback ports counted from the one the pages are on."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Places:
    """The ports of one demonstration."""

    web: int

    @property
    def smtp(self) -> int:
        return self.web + 25

    @property
    def twilio(self) -> int:
        return self.web + 26

    @property
    def square(self) -> int:
        return self.web + 27

    @property
    def inbox(self) -> int:
        return self.web + 28

    @property
    def all(self) -> tuple[int, ...]:
        """Every port that must be free."""
        return self.web, self.smtp, self.twilio, self.square, self.inbox

    def url(self, port: int, *, scheme: str = "http") -> str:
        """An address on this machine."""
        return f"{scheme}://localhost:{port}"
