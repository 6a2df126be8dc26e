"""Slack's incoming webhook played on loopback."""

import json

from werkzeug.wrappers import Request, Response

from tests.played.http import PlayedHttp

PATH = "/services/T0CAFE/B0AURORA/aaaabbbbccccddddeeee"


class PlayedSlack(PlayedHttp):
    """`lines` are the texts it took."""

    def __init__(self, *, port: int = 0) -> None:
        super().__init__(port=port)
        self.lines: list[str] = []

    @property
    def config(self) -> dict[str, str]:
        """A gateway's settings for this server."""
        return {"url": f"{self.url}{PATH}"}

    def answer(self, request: Request) -> Response:
        if request.path != PATH:
            return words(404, "no_service")
        if request.mimetype != "application/json":
            return words(400, "invalid_payload")
        document = json.loads(request.get_data())
        if not document.get("text"):
            return words(400, "no_text")
        self.lines.append(document["text"])
        return words(200, "ok")


def words(status: int, text: str, **headers: str) -> Response:
    """An answer in Slack's plain words."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(text, status=status, headers=named, content_type="text/plain")
