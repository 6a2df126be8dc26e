"""What the rules refuse stands on the page in the reader's language."""

import html
import re

import pytest

from domain import clock
from domain.delivery import accounts
from domain.tenant_scope import tenant_scope
from models.database import db
from tests.web.conftest import change, form_token

CAFE = "/cafes/aurora"
ENGLISH = re.compile(r"\b(the|this|that|is|are|not|and|of|with|give|write|take|choose|must|there|another|has)\b", re.I)
SHOWN = re.compile(r'<p class="rg-error"[^>]*>(.*?)</p>|<div class="rg-note[^>]*>(.*?)</div>', re.DOTALL)

REWARD = {"name": "Kaffee", "currency": "beans", "threshold": "10", "kind": "item", "item": "Ein Kaffee"}
QUESTION = {"t.joint": "all", "t-0.fact": "purchases.sum", "t-0.op": "between"}


@pytest.fixture
def shown(owner, database):
    """Posts a form as an owner who reads German; the words beside its fields and above it."""
    points = f"{CAFE}/settings/points"
    owner.post(f"{points}/currencies", data={"csrf_token": form_token(owner, points), "name": "Beans"})
    change(database.url, "UPDATE users SET locale = 'de'")

    def post(path, page=None, **form):
        token = form_token(owner, page or path)
        answer = owner.post(path, data={"csrf_token": token, **form}, follow_redirects=True)
        text = answer.get_data(as_text=True)
        assert '<html lang="de"' in text
        found = [html.unescape(re.sub(r"<[^>]+>", "", one or other)).strip() for one, other in SHOWN.findall(text)]
        return " | ".join(found) or re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", text))

    return post


@pytest.fixture
def sms_gateway(app, cafe):
    """A gateway for texts, which sends nothing here."""
    settings = {"account_sid": "AC" + "0" * 32, "auth_token": "token", "from": "+15017122661"}
    with app.app_context(), tenant_scope(cafe.id):
        row = accounts.add(
            db.session(), channel="sms", provider="twilio", credentials=settings, now=clock.now(),
            set_by_operator=True, sender="",
        )  # fmt: skip
        db.session.commit()
        return row.id


def test_a_phone_that_nobody_has_is_refused_in_german(shown, sms_gateway):
    said = shown(f"{CAFE}/settings/gateways/{sms_gateway}/test", f"{CAFE}/settings/gateways", phone="12")
    assert "Prüfen Sie die Ziffern und die Ländervorwahl." in said
    assert not ENGLISH.search(said), said


@pytest.mark.parametrize(
    ("path", "form", "words"),
    [
        ("/members/new", {"email": "anna@@example"}, "Das ist keine E-Mail-Adresse, an die man schreiben kann."),
        ("/members/new", {"phone": "hallo"}, "Das ist keine Telefonnummer. Schreiben Sie sie wie +43 660 1234567."),
        ("/settings/", {"name": "Aurora", "colour": "#ffffff"}, "Weiße Schrift ist auf dieser Farbe schwer zu lesen."),
        ("/settings/locations", {"name": "  "}, "Jeder Standort hat einen Namen."),
        ("/settings/points", {"name": "Neu\u200b"}, "Geben Sie einen Namen mit höchstens 60 Zeichen an."),
        ("/settings/points/rules/new", {"currency": "beans", "points_per_unit": "100000"}, "Zahl von 0 bis 10000"),
        ("/settings/sender-domains", {"domain": "keine Domain"}, "Schreiben Sie nur die Domain"),
        ("/settings/loyalty-management/", {"cron": "75 9 * * 1", "months": "6"}, "„75“ kann nicht"),
        ("/rewards/new", REWARD | {"kind": "percent", "percent": "7.555"}, "Prozentsatz über 0"),
        ("/rewards/new", REWARD | {"kind": "amount", "amount": "0.001"}, "Nachkommastellen"),
        ("/rewards/new", REWARD | {"item": ""}, "Sagen Sie, was der Gast bekommt"),
        ("/rewards/new", REWARD | {"sms": "y", "sms_body": "{{ reward.nmae }}"}, "Den Platzhalter „reward.nmae“"),
        ("/tags/new", {"name": "a;b"}, "Ein Name hat höchstens 60 Zeichen"),
        ("/segments/new", QUESTION | {"name": "Neu\x07", "t-0.value": ["1", "2"]}, "Geben Sie einen Namen"),
        ("/segments/new", QUESTION | {"name": "Viel", "t-0.value": ["5", "2"]}, "Drehen Sie die beiden um"),
        ("/settings/gateways/new/smtp", {
            "host": "127.0.0.1", "port": "25", "protection": "smtps", "sender": "Café <a@b.at>",
        }, "Schreiben Sie nur die E-Mail-Adresse"),
    ],
)  # fmt: skip
def test_what_an_owner_types_wrong_is_refused_in_german(shown, path, form, words):
    page = {"/settings/points": "/settings/points/currencies"}.get(path, path)
    said = shown(f"{CAFE}{page}", f"{CAFE}{path}", **form)
    assert words in said
    assert not ENGLISH.search(said), said


@pytest.mark.parametrize(
    ("new", "words"),
    [("kurz", "Nehmen Sie mindestens"), ("owner@aurora.example", "Dieses würde jeder zuerst versuchen")],
)
def test_a_weak_password_is_refused_in_german(shown, cafe, new, words):
    said = shown("/password", current=cafe.password, new=new)
    assert words in said
    assert not ENGLISH.search(said), said


def test_a_page_that_is_not_there_says_so_in_german(owner, database):
    change(database.url, "UPDATE users SET locale = 'de'")
    page = owner.get(f"{CAFE}/rewards/999").get_data(as_text=True)
    assert "There is" not in page
