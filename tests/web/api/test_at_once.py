"""The same thing told many times at once, over real connections: it happens once."""

import json
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.ledger import Balance, LedgerEntry
from models.message import Message
from models.purchase import Purchase
from models.reward import RewardEvent
from tests.factories import Make
from tests.web.api.conftest import API, Cafe, Caller
from tests.web.api.test_purchases import at, sale

TIMES = 50


def post_often(site: str, cafe: Cafe, path: str, bodies: list[Any], method: str = "POST") -> list[tuple[int, Any]]:
    """Post the bodies at once, each on a connection of its own: statuses and answers."""
    address = urlsplit(site)
    headers = {"Authorization": f"Bearer {cafe.key}", "Content-Type": "application/json"}

    def post(body: Any) -> tuple[int, Any]:
        connection = HTTPConnection(address.hostname, address.port, timeout=60)
        connection.request(method, f"{API}{path}", json.dumps(body), headers)
        response = connection.getresponse()
        answer = response.status, json.loads(response.read())
        connection.close()
        return answer

    with ThreadPoolExecutor(len(bodies)) as threads:
        return list(threads.map(post, bodies))


def count(stored: Session, table: Any) -> int:
    return stored.scalar(select(func.count()).select_from(table))


@pytest.fixture
def reward(api: Caller, stored: Session) -> int:
    """A reward for ten points that speaks by mail, in a café that can send."""
    make = Make(stored)
    make.gateway()
    number = make.reward(channels=["email"]).id
    stored.commit()
    consents = {"consents": {"email": {"rewards": True}}, "consent_source": "form"}
    api.put("/members/m-1", {"email": "nora@example.com"} | consents)
    return number


def test_one_purchase_told_50_times_is_one_purchase_one_unlock_one_message(
    site: str, cafe: Cafe, reward: int, stored: Session
):
    answers = post_often(site, cafe, "/purchases", [sale(member={"external_id": "m-1"}, occurred_at=at())] * TIMES)
    assert sorted(status for status, _ in answers) == [200] * (TIMES - 1) + [201]
    assert len({json.dumps(body, sort_keys=True) for _, body in answers}) == 1
    assert [each["reward"] for each in answers[0][1]["unlocked"]] == [reward]
    assert [count(stored, table) for table in (Purchase, RewardEvent, Message, LedgerEntry)] == [1, 1, 1, 1]
    assert stored.scalar(select(Message.state)) == "planned"


def test_fifty_purchases_of_one_member_at_once_add_up_and_unlock_once(
    site: str, cafe: Cafe, reward: int, stored: Session
):
    sales = [sale(external_id=f"r-{number}", member={"external_id": "m-1"}) for number in range(TIMES)]
    answers = post_often(site, cafe, "/purchases", sales)
    assert {status for status, _ in answers} == {201}
    assert stored.scalar(select(Balance.available)) == 12 * TIMES
    assert sum(len(body["unlocked"]) for _, body in answers) == 1
    assert [count(stored, table) for table in (Purchase, RewardEvent, Message)] == [TIMES, 1, 1]


def test_points_and_members_told_at_once_are_kept_once(site: str, cafe: Cafe, reward: int, stored: Session):
    gift = {"member": {"external_id": "m-1"}, "currency": "points", "points": 3, "reason": "", "external_id": "p"}
    answers = post_often(site, cafe, "/points", [gift] * 20)
    assert sorted(status for status, _ in answers) == [200] * 19 + [201]
    assert stored.scalar(select(Balance.available)) == 3
    enrolled = post_often(site, cafe, "/members/m-2", [{"first_name": "Jo", "card": "77"}] * 20, method="PUT")
    assert sorted(status for status, _ in enrolled) == [200] * 19 + [201]
