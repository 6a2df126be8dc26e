"""The product's main job, by its own doors and processes: a purchase unlocks a reward, the member gets one mail."""

import email
import re
from datetime import UTC, datetime
from email.policy import default

import pytest

from domain.accounts import tenants
from domain.audience import defaults
from domain.delivery import accounts
from domain.tenant_scope import tenant_scope
from models.database import db
from models.tenancy import bind
from tests.played.smtp import PlayedSmtp
from tests.processes import regulars
from tests.waiting import until


@pytest.fixture
def mail():
    with PlayedSmtp() as server:
        yield server


@pytest.fixture
def api(app, client, mail):
    """Calls the API for a café with a mail gateway: method, path and body in, status and body out."""
    now = datetime.now(UTC)
    with app.app_context():
        cafe = tenants.create(
            db.session, tenants.CafeDetails("Café Aurora", "aurora"), owner_email="o@example.com", now=now
        )
        defaults.open_cafe(db.session, cafe.tenant, now=now)
        with tenant_scope(cafe.tenant.id):
            bind(db.session.connection(), cafe.tenant.id)
            settings = {"url": mail.url, "from": "hello@aurora.example"}
            accounts.add(
                db.session, channel="email", provider="smtp", credentials=settings, now=now, set_by_operator=True,
                sender="hello@aurora.example",
            )  # fmt: skip
            db.session.commit()

    def call(method, path, **body):
        headers = {"Authorization": f"Bearer {cafe.api_key}"}
        answer = client.open(f"/api/v1{path}", method=method, headers=headers, json=body or None)
        assert answer.status_code < 400, answer.get_json()
        return answer.status_code, answer.get_json()

    return call


@pytest.fixture
def reward(api):
    """A reward at 100 points that tells by mail at once."""
    words = {"name": "Reward", "channel": "email", "subject": "{{ member.first_name }}, a reward", "occasion": "reward"}
    _, template = api("POST", "/templates", **words, body="{{ reward.name }}: {{ reward.discount }} off.")
    messages = {"enabled": True, "delay_minutes": 0, "channels": {"email": {"template": template["id"]}}}
    terms = {"name": "Ten percent", "currency": "points", "threshold": 100, "cost": 100, "discount": {"percent": 10}}
    return api("POST", "/rewards", **terms, messages=messages)[1]


@pytest.fixture
def member(api):
    consents = {"consents": {"email": {"rewards": True}}, "consent_source": "sign-up form"}
    return api("PUT", "/members/nora", first_name="Nora", email="nora@example.com", **consents)[1]


def purchase(api, number, amount):
    when = datetime.now(UTC).isoformat()
    sale = {"external_id": f"r-{number}", "member": {"external_id": "nora"}, "amount": amount, "currency": "EUR"}
    return api("POST", "/purchases", **sale, occurred_at=when, channel="pos", location="main")[1]


def test_a_purchase_unlocks_a_reward_and_the_member_gets_one_mail(api, mail, reward, member, environment):
    with regulars("scheduler", environment=environment), regulars("worker", environment=environment):
        assert purchase(api, 1, "95.00")["unlocked"] == []
        assert purchase(api, 2, "8.00")["unlocked"][0]["reward"] == reward["id"]
        purchase(api, 3, "7.00")
        until(lambda: _messages(api) == ["sent"], what="the mail leaves")

    [received] = mail.received
    letter = email.message_from_bytes(received.body, policy=default)
    assert letter["Subject"] == "Nora, a reward"
    assert "Ten percent: 10% off." in letter.get_body(("plain",)).get_content()
    assert re.search(r"/u/[\w-]+", letter["List-Unsubscribe"])


def _messages(api):
    return [each["state"] for each in api("GET", "/messages?member=nora")[1]["items"]]
