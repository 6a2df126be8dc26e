"""What tests of the pages about imports ask for: a file sent as a browser sends it, and the worker's part done."""

import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from models.database import db
from tasks import imports
from tests.web.conftest import Cafe, form_token

PAGE = "/cafes/aurora/imports/"
GUESTS = "Kundennr.;Vorname;Nachname;E-Mail;Mobil;Geburtstag\n1;Nora;Novak;nora@example.com;0664 1234567;31.12.1990\n"


@pytest.fixture
def upload(owner: FlaskClient) -> Callable[..., TestResponse]:
    """Sends a file."""

    def sent(content: str | bytes = GUESTS, name: str = "guests.csv") -> TestResponse:
        data = content if isinstance(content, bytes) else content.encode()
        form = {"csrf_token": form_token(owner, PAGE), "file": (io.BytesIO(data), name)}
        return owner.post(PAGE, data=form, content_type="multipart/form-data")

    return sent


@pytest.fixture
def post(owner: FlaskClient) -> Callable[..., TestResponse]:
    """Sends a form of one of the pages; `htmx` says so."""

    def sent(path: str, htmx: bool = False, **fields: Any) -> TestResponse:
        form = {"csrf_token": form_token(owner, PAGE), **fields}
        return owner.post(path, data=form, headers={"HX-Request": "true"} if htmx else {})

    return sent


@pytest.fixture
def work(app: Flask, cafe: Cafe) -> Callable[[int], None]:
    """Does what a worker would."""

    def done(import_id: int) -> None:
        with app.app_context():
            imports.work(cafe.id, import_id)
            db.session.remove()

    return done


def fields(page: str) -> dict[str, str]:
    """What the page's selects say, by their names."""
    found = {}
    for name, options in re.findall(r'<select[^>]* name="([^"]+)"[^>]*>(.*?)</select>', page, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected>', options)
        found[name] = chosen[1] if chosen else ""
    found["columns"] = re.search(r'name="columns" value="(\d+)"', page)[1]
    return found
