import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.audience import addresses
from domain.audience.imports import cells
from domain.errors import Unacceptable


@settings(deadline=None)
@given(
    local=st.text(st.sampled_from("aZ09._+-'\" @ü"), min_size=1, max_size=70),
    domain=st.sampled_from(
        ["example.com", "EXAMPLE.com", "bücher.example", "localhost", "a..b", "", "x.test", "1.2.3.4"]
    ),
)
def test_the_short_way_to_an_address_ends_where_the_long_one_does(local, domain):
    try:
        expected = addresses.email(f"{local}@{domain}")
    except Unacceptable:
        with pytest.raises(Unacceptable):
            cells.email(f"{local}@{domain}")
    else:
        assert cells.email(f"{local}@{domain}") == expected


@pytest.mark.parametrize(("text", "expected"), [("at", "AT"), ("Österreich", "AT"), ("GERMANY", "DE"), ("IT", "IT")])
def test_a_country_is_known_by_its_code_or_its_name(text, expected):
    assert cells.country(text) == expected


@pytest.mark.parametrize("text", ["XX", "Atlantis", "", "EU "])
def test_what_is_no_country_is_refused(text):
    with pytest.raises(Unacceptable):
        cells.country(text)


@pytest.mark.parametrize(("text", "expected"), [("de-AT", "de-AT"), ("Deutsch", "de"), ("english", "en")])
def test_a_language_is_known_by_its_code_or_its_name(text, expected):
    assert cells.locale(text) == expected


def test_tags_stand_between_commas_and_count_once():
    assert cells.tags("VIP, Stammtisch;vip | early  bird,") == ["VIP", "Stammtisch", "early bird"]


@pytest.mark.parametrize(("text", "answer"), [("yes", True), ("JA", True), ("0", False), ("nein", False), ("x", None)])
def test_only_a_clear_answer_is_one(text, answer):
    assert cells.yes_or_no(text) is answer
