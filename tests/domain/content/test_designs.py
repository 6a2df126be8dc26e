import pytest

from domain.content import blocks, designs, frame, rendering, sms
from domain.content.frame import Theme
from domain.content.placeholders import catalogue, filled
from domain.content.rendering import Kind
from domain.errors import NotFound


def say(discount, locale="en"):
    words = designs.discount_words(discount, currency="EUR", locale=locale)
    return rendering.compile(designs.reward_text(discount), Kind.SMS).render({"reward.discount": words})


@pytest.mark.parametrize(
    ("discount", "sentence"),
    [
        ({"percent": "10"}, "You've unlocked a reward! Come in and get 10% off your entire purchase."),
        ({"percent": "12.5"}, "You've unlocked a reward! Come in and get 12.5% off your entire purchase."),
        ({"amount": "2.00"}, "You've unlocked a reward! Come in and get €2.00 off your entire purchase."),
        ({"item": "cappuccino"}, "You've unlocked a reward! Come in and get your free cappuccino."),
    ],
)
def test_the_default_text_reads_well_for_every_kind_of_reward(discount, sentence):
    assert say(discount) == sentence


def test_the_default_text_fits_one_part():
    assert sms.measure(say({"percent": "10"})).parts == 1


def test_a_discount_is_written_as_the_locale_writes_it():
    assert designs.discount_words({"percent": "10"}, currency="EUR", locale="de-AT") == "10\xa0%"


def test_members_monday_reads_as_promised():
    text = rendering.compile(designs.MEMBERS_MONDAY_TEXT, Kind.SMS).render(
        {"campaign.discount": "25%", "campaign.category": "hot drinks"}
    )

    assert text == "It's Members' Monday! 25% discount on all hot drinks – only for our members."


def test_there_are_at_least_six_designs_with_names_of_their_own():
    assert len({each.key for each in designs.DESIGNS}) == len({each.name for each in designs.DESIGNS}) >= 6


@pytest.mark.parametrize("design", designs.DESIGNS, ids=lambda each: each.key)
def test_every_design_can_be_saved_and_sent_as_it_is(design):
    known = catalogue(design.occasion, ["points"])
    parsed = blocks.parse(design.blocks)

    assert blocks.problems(parsed, known) == []
    assert rendering.check(design.subject, Kind.SUBJECT, known, "subject") == []
    for source, kind in ((frame.page(parsed, Theme()), Kind.HTML), (frame.plain(parsed, Theme()), Kind.TEXT)):
        compiled = rendering.compile(source, kind, known)
        assert "{{" not in compiled.render(filled(compiled.names, {}))


def test_the_default_reward_email_holds_the_default_sentence():
    source = frame.page(blocks.parse(designs.get("reward-card").blocks), Theme())
    compiled = rendering.compile(source, Kind.HTML)

    html = compiled.render(filled(compiled.names, {"reward.discount": "10%"}))

    assert "You've unlocked a reward! Come in and get 10% off your entire purchase." in html


def test_an_unknown_design_is_not_found():
    with pytest.raises(NotFound):
        designs.get("nothing")
