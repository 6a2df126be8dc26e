"""Whatever door a member is changed by: segments and tags look at them again by themselves."""

import pytest
from sqlalchemy import text

from domain.tenant_scope import tenant_scope
from tasks import segments
from tests.factories import Make
from tests.processes import regulars
from tests.waiting import until
from tests.web.api.test_purchases import at, sale

NORA = {"external_id": "nora"}


def leaf(fact, op, value=None, **more):
    return {"fact": fact, "op": op, **({} if value is None else {"value": value}), **more}


def says(api, granted):
    answer = {"email": {"promotional": granted}}
    return api.put("/members/nora", {"consents": answer, "consent_source": "paper", "consent_at": at()})


def line(api, body):
    return api.post("/batch", data=body, headers={"Content-Type": "application/x-ndjson"})


def buy(api, number="r-1"):
    return api.post("/purchases", sale(external_id=number, member=NORA, amount="9.00", occurred_at=at()))


def give(api, points):
    return api.post(
        "/points", {"member": NORA, "currency": "points", "points": points, "reason": "gift", "external_id": "p-1"}
    )


def redeem(api, reward):
    return api.post("/redemptions", {"member": NORA, "reward": reward, "external_id": "v-1"})


def refund(api):
    return api.post("/purchases/r-0/refund", {"occurred_at": at(), "external_id": "f-1"})


def taste(api):
    happened = {"type": "custom.tasting", "member": NORA, "occurred_at": at(), "external_id": "e-1", "properties": {}}
    return api.post("/events", happened)


DOORS = {
    "profile": (
        leaf("member.first_name", "eq", "Norma"),
        lambda api, _: api.put("/members/nora", {"first_name": "Norma"}),
    ),
    "profile in a batch": (
        leaf("member.first_name", "eq", "Norma"),
        lambda api, _: line(api, '{"op": "member", "external_id": "nora", "first_name": "Norma"}'),
    ),
    "yes": (leaf("consent.email.promotional", "eq", value=True), lambda api, _: says(api, True)),
    "no": (leaf("consent.email.promotional", "eq", value=False), lambda api, _: says(api, False)),
    "purchase": (leaf("purchases.count", "gte", 2), lambda api, _: buy(api)),
    "refund": (leaf("purchases.count", "eq", 0), lambda api, _: refund(api)),
    "points": (leaf("points.balance", "gte", 500), lambda api, _: give(api, 500)),
    "redemption": (leaf("rewards.redeemed", "gte", 1), redeem),
    "event": (leaf("event.custom.tasting.count", "gte", 1), lambda api, _: taste(api)),
    "balance inquiry": (
        leaf("tags", "contains", "interestedInBonusSystem"),
        lambda api, _: api.post("/balance-inquiries", {"member": NORA, "location": "main"}),
    ),
}


@pytest.fixture
def look(app, cafe):
    """What a worker does within seconds."""

    def looks():
        with app.app_context(), tenant_scope(cafe.id):
            segments.run(slices=10)

    return looks


@pytest.fixture
def reward(api, cafe, database, look):
    """Nora bought once and has points for a reward; nobody is waiting to be looked at. The reward's id."""
    api.put("/members/nora", {"first_name": "Nora", "email": "nora@example.com"})
    buy(api, "r-0")
    with database.session(cafe.id) as session:
        make = Make(session)
        points = session.execute(text("SELECT id FROM currencies")).scalar_one()
        reward = make.reward(threshold=5, cost=5, currency_id=points)
        reward_id = reward.id
        session.commit()
    look()
    return reward_id


@pytest.mark.parametrize(("asked", "act"), DOORS.values(), ids=DOORS.keys())
def test_segments_follow_whatever_is_told(api, reward, look, asked, act):
    made = api.post("/segments", {"name": "Asked", "definition": asked}).json
    assert made["size"] == 0

    assert act(api, reward).status_code in (200, 201, 202)
    look()

    assert [each["external_id"] for each in api.get(f"/segments/{made['id']}/members").json["items"]] == ["nora"]


def test_workers_follow_a_purchase_by_themselves(api, environment):
    api.put("/members/nora", {"first_name": "Nora"})
    with regulars("scheduler", environment=environment), regulars("worker", environment=environment):
        buy(api)
        nora = until(lambda: _with_tags(api), what="the tags of a purchase")

    assert {"posRevenueWithinLast6Month", "revenueWithinLast6Month"} <= set(nora["tags"])
    assert "New" in [each["name"] for each in nora["segments"]]


def _with_tags(api):
    nora = api.get("/members/nora").json
    return nora if "revenueWithinLast6Month" in nora["tags"] and nora["segments"] else None
