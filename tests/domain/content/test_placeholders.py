import pytest

from domain.content.placeholders import REGISTRY, Occasion, Type, catalogue, filled


def test_every_placeholder_has_words_and_an_example():
    for each in REGISTRY:
        assert each.words
        assert each.example not in (None, "")
        assert (each.type is Type.LIST) == bool(each.fields)


def test_no_two_placeholders_share_a_name():
    assert len({each.name for each in REGISTRY}) == len(REGISTRY)


def test_a_reward_has_no_value_in_a_message_about_a_purchase():
    known = catalogue(Occasion.PURCHASE)

    assert known.find("reward.name") is None
    assert "only in messages about a reward" in known.why_not("reward.name")
    assert known.find("purchase.amount")


def test_as_long_as_the_occasion_is_open_everything_may_be_used():
    known = catalogue(Occasion.ANY)

    assert known.find("reward.name")
    assert known.find("lot.amount")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("member.frist_name", "member.first_name"),
        ("first_name", "member.first_name"),
        ("reward.discont", "reward.discount"),
        ("member.name", "member.last_name"),
        ("links.unsubscibe", "links.unsubscribe"),
    ],
)
def test_a_near_miss_gets_a_suggestion(typed, meant):
    assert f"“{meant}”?" in catalogue().why_not(typed)


def test_something_far_off_gets_no_suggestion():
    assert "Did you mean" not in catalogue().why_not("zzz.qqqqq")


def test_balances_are_those_of_the_cafes_own_currencies():
    known = catalogue(currencies=["points", "stars"])

    assert known.find("balance.stars")
    assert known.find("balance.gold") is None
    assert "balance.points" in [each.name for each in known.placeholders]


def test_own_fields_of_a_member_are_placeholders():
    assert catalogue().find("member.attributes.favourite_roast")


def test_examples_fill_only_what_is_missing():
    values = filled(["member.first_name", "balance.points"], {"member.first_name": None})

    assert values == {"member.first_name": None, "balance.points": 300}
