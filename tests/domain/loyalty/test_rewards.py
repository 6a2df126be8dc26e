import pytest

from domain.errors import Conflict, NotFound, Unacceptable
from domain.loyalty import currencies, locations, rewards


@pytest.fixture
def values(make):
    make.currency()
    return {"name": "Ten percent", "currency": "points", "threshold": 100, "discount": {"percent": 10}}


def test_a_reward_starts_silent_with_a_gentle_daytime_delay(session, values, now):
    reward = rewards.create(session, values, now=now)

    assert rewards.describe(session, rewards.get(session, reward.id)) == {
        "id": reward.id,
        "name": "Ten percent",
        "currency": "points",
        "threshold": 100,
        "cost": 100,
        "discount": {"percent": "10"},
        "valid_days": None,
        "repeatable": True,
        "messages": {
            "enabled": False,
            "delay_minutes": 120,
            "quiet_hours": {"from": "21:00", "to": "09:00"},
            "control_group_percent": 0,
            "channels": {},
        },
    }


def test_a_delay_of_its_own_means_no_quiet_hours_unless_given(session, values, now):
    at_once = rewards.create(session, values | {"messages": {"delay_minutes": 0}}, now=now)
    by_day = rewards.create(session, values | {"messages": {"quiet_hours": {"from": "22:30", "to": "08:00"}}}, now=now)

    assert rewards.describe(session, at_once)["messages"]["quiet_hours"] is None
    assert (by_day.quiet_from, by_day.quiet_to) == (22 * 60 + 30, 8 * 60)


def test_a_reward_speaks_with_a_template_per_channel(session, make, values, now):
    email, sms = make.template("email"), make.template("sms")
    channels = {"email": {"template": email.id}, "sms": {"template": sms.id}}
    reward = rewards.create(session, values | {"messages": {"enabled": True, "channels": channels}}, now=now)
    assert rewards.channels_of(session, reward.id) == {"email": email.id, "sms": sms.id}

    rewards.update(session, reward.id, {"messages": {"channels": {"sms": {"template": sms.id}}}}, now=now)
    assert rewards.channels_of(session, reward.id) == {"sms": sms.id}
    assert reward.messages_enabled


def test_what_is_absent_stays(session, values, now):
    reward = rewards.create(session, values | {"valid_days": 30}, now=now)
    rewards.update(session, reward.id, {"name": "Twelve percent", "discount": {"percent": "12.5"}}, now=now)

    described = rewards.describe(session, reward)
    assert (described["name"], described["discount"], described["valid_days"], described["threshold"]) == (
        "Twelve percent",
        {"percent": "12.5"},
        30,
        100,
    )
    assert described["messages"]["quiet_hours"] == {"from": "21:00", "to": "09:00"}


def test_validity_can_be_taken_away(session, values, now):
    reward = rewards.create(session, values | {"valid_days": 30}, now=now)

    assert rewards.update(session, reward.id, {"valid_days": None}, now=now).valid_days is None


@pytest.mark.parametrize("discount", [{"percent": "10"}, {"amount": "2.00"}, {"item": "cappuccino"}])
def test_a_discount_is_one_of_three_kinds(session, values, now, discount):
    assert rewards.create(session, values | {"discount": discount}, now=now).discount == discount


@pytest.mark.parametrize(
    ("changed", "path"),
    [
        ({"name": None}, "name"),
        ({"name": " "}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"currency": "gold"}, "currency"),
        ({"threshold": 0}, "threshold"),
        ({"threshold": True}, "threshold"),
        ({"threshold": "100"}, "threshold"),
        ({"cost": -1}, "cost"),
        ({"cost": None}, "cost"),
        ({"valid_days": 0}, "valid_days"),
        ({"repeatable": "yes"}, "repeatable"),
        ({"colour": "red"}, "colour"),
        ({"discount": {}}, "discount"),
        ({"discount": {"percent": 10, "item": "tea"}}, "discount"),
        ({"discount": {"percent": 101}}, "discount.percent"),
        ({"discount": {"percent": True}}, "discount.percent"),
        ({"discount": {"percent": "NaN"}}, "discount.percent"),
        ({"discount": {"amount": "2.001"}}, "discount.amount"),
        ({"discount": {"amount": "0"}}, "discount.amount"),
        ({"discount": {"item": " "}}, "discount.item"),
        ({"discount": {"gift": "x"}}, "discount.gift"),
        ({"messages": {"delay_minutes": -1}}, "messages.delay_minutes"),
        ({"messages": {"control_group_percent": 51}}, "messages.control_group_percent"),
        ({"messages": {"control_group_percent": True}}, "messages.control_group_percent"),
        ({"messages": {"quiet_hours": {"from": "24:00", "to": "09:00"}}}, "messages.quiet_hours"),
        ({"messages": {"quiet_hours": {"from": "21:00"}}}, "messages.quiet_hours"),
        ({"messages": {"channels": {"voice": {"template": 1}}}}, "messages.channels.voice"),
        ({"messages": {"channels": {"sms": {"template": 1}}}}, "messages.channels.sms.template"),
        ({"messages": {"enabled": True}}, "messages.channels"),
        ({"messages": {"loud": True}}, "messages.loud"),
    ],
)
def test_what_cannot_be_saved_is_refused_beside_its_field(session, values, now, changed, path):
    with pytest.raises(Unacceptable) as refused:
        rewards.create(session, values | changed, now=now)
    assert refused.value.errors[0].path == path


def test_a_template_of_another_channel_does_not_fit(session, make, values, now):
    channels = {"sms": {"template": make.template("email").id}}
    with pytest.raises(Unacceptable):
        rewards.create(session, values | {"messages": {"enabled": True, "channels": channels}}, now=now)


def test_a_reward_put_away_is_not_unlocked(counter, make):
    reward = make.reward(threshold=10)
    rewards.archive(counter.session, reward.id, now=counter.now)

    assert counter.buy(2000).unlocked == []
    assert rewards.of_cafe(counter.session) == []


def test_what_is_not_there_is_not_found(session, now):
    for ask in (rewards.get, currencies.get, locations.get):
        with pytest.raises(NotFound):
            ask(session, 999)
    with pytest.raises(NotFound):
        rewards.update(session, 999, {}, now=now)


def test_a_currency_has_a_code_of_its_own(session, now):
    stars = currencies.create(session, code="stars", name=" Stars ", now=now)
    assert (stars.name, currencies.by_code(session, "stars").id) == ("Stars", stars.id)

    with pytest.raises(Conflict):
        currencies.create(session, code="stars", name="More stars", now=now)
    for code in ("Stars", "1st", "", "a-b", "x" * 33):
        with pytest.raises(Unacceptable):
            currencies.create(session, code=code, name="Bad", now=now)


def test_a_location_has_a_name_of_its_own(session, now):
    main = locations.create(session, name="main", now=now)
    other = locations.create(session, name="Neubau", address="Lindengasse 4", timezone="Europe/Vienna", now=now)
    assert locations.of_cafe(session) == [main, other]

    with pytest.raises(Conflict):
        locations.create(session, name="main", now=now)
    with pytest.raises(Conflict):
        locations.update(session, other.id, {"name": "main"})
    assert locations.update(session, other.id, {"address": None}).address is None


@pytest.mark.parametrize("values", [{"name": ""}, {"name": "x" * 121}, {"name": "A", "timezone": "Mars/Base"}])
def test_a_location_that_cannot_be_is_refused(session, now, values):
    with pytest.raises(Unacceptable):
        locations.create(session, **values, now=now)
