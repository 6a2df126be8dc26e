"""The page about limits: what holds, what the month cost, and what is typed wrong."""

import pytest

from domain import clock
from tests.web.conftest import ask, form_token

PAGE = "/cafes/aurora/settings/limits"
TYPED = {
    "promotional_per_day": "1",
    "promotional_per_week": "3",
    "monthly_cap": "50",
    "viber_closed": ["RU"],
    "one_more": "",
}


@pytest.fixture
def account(make_here, shop):
    account = make_here.gateway("sms")
    shop.commit()
    return account


@pytest.fixture
def save(owner):
    def save(**typed):
        return owner.post(PAGE, data=TYPED | {"csrf_token": form_token(owner, PAGE)} | typed)

    return save


def page(owner):
    return owner.get(PAGE).get_data(as_text=True)


def standing(database, columns):
    return ask(database.owner_url, f"SELECT jsonb_build_array({columns}) FROM tenants")


def test_what_is_saved_holds_and_is_written_down(owner, database, account, save):
    assert save(one_more="BY", **{f"gateway-{account.id}-price": "0,065"}).status_code == 303

    columns = "promotional_per_day, promotional_per_week, monthly_cap_minor, viber_closed"
    assert standing(database, columns) == [1, 3, 5000, ["BY", "RU"]]
    assert ask(database.owner_url, "SELECT price_per_part FROM gateways") == 650
    assert 'value="0.065"' in page(owner)
    assert ask(database.owner_url, "SELECT count(*) FROM audit_entries WHERE action = 'limits.changed'") == 1


def test_a_country_that_is_not_ticked_any_more_is_open(database, save):
    save(viber_closed=[])
    assert standing(database, "viber_closed") == [[]]


def test_the_page_says_what_was_spent_and_until_when(owner, make_here, shop, save):
    save(monthly_cap="50.00")
    now = clock.now()
    make_here.message(channel="sms", state="sent", cost=12_84_00, priced_at=now, created_at=now)
    shop.commit()

    assert "€12.84 of at most €50.00, until 1 " in page(owner).replace("\xa0", " ")


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        ("promotional_per_day", "0", "Number must be between 1 and 10."),
        ("promotional_per_day", "", "Give a number."),
        ("promotional_per_week", "many", "Not a valid integer value."),
        ("monthly_cap", "1.000", "is not an amount"),
        ("monthly_cap", "-1", "Give an amount of money"),
        ("monthly_cap", "lots", "is not an amount"),
        ("one_more", "Atlantis", "Not a valid choice"),
    ],
)
def test_what_is_wrong_is_said_and_stays_typed(database, save, field, typed, words):
    answer = save(**{field: typed})

    said = answer.get_data(as_text=True)
    assert (answer.status_code, words in said) == (422, True)
    assert field == "one_more" or f'value="{typed}"' in said
    assert standing(database, "promotional_per_day, monthly_cap_minor") == [2, None]


def test_fewer_a_week_than_a_day_is_refused(save):
    answer = save(promotional_per_day="4", promotional_per_week="3")
    assert "A week holds at least as many as a day." in answer.get_data(as_text=True)


def test_a_price_that_is_none_saves_nothing(database, account, save):
    answer = save(**{f"gateway-{account.id}-price": "cheap"})

    assert (answer.status_code, "is not an amount" in answer.get_data(as_text=True)) == (422, True)
    assert standing(database, "monthly_cap_minor") == [None]
