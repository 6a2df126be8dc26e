import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.content import sms
from domain.content.sms import Encoding


@pytest.mark.parametrize(
    ("text", "encoding", "units", "parts"),
    [
        ("", Encoding.GSM_7, 0, 0),
        ("x" * 160, Encoding.GSM_7, 160, 1),
        ("x" * 161, Encoding.GSM_7, 161, 2),
        ("x" * 306, Encoding.GSM_7, 306, 2),
        ("x" * 307, Encoding.GSM_7, 307, 3),
        ("€" * 80, Encoding.GSM_7, 160, 1),
        ("€" * 81, Encoding.GSM_7, 162, 2),
        ("x" * 152 + "€" + "x" * 152, Encoding.GSM_7, 306, 3),
        ("ж" * 70, Encoding.UCS_2, 70, 1),
        ("ж" * 71, Encoding.UCS_2, 71, 2),
        ("ж" * 134, Encoding.UCS_2, 134, 2),
        ("ж" * 135, Encoding.UCS_2, 135, 3),
        ("😀" * 35, Encoding.UCS_2, 70, 1),
        ("ж" * 66 + "😀" + "ж" * 66, Encoding.UCS_2, 134, 3),
        ("Grüße aus dem Café: 10 % für Dich!", Encoding.GSM_7, 34, 1),
        ("don’t", Encoding.UCS_2, 5, 1),
    ],
)
def test_texts_are_measured_as_networks_cut_them(text, encoding, units, parts):
    size = sms.measure(text)

    assert (size.encoding, size.units, size.parts) == (encoding, units, parts)


def test_it_names_the_characters_that_cost_more():
    assert sms.measure("don’t – no, don’t").beyond_gsm == "’–"


def test_the_price_is_that_of_its_parts():
    assert sms.measure("x" * 161).price(6) == 12


def test_640_characters_fit_and_641_are_one_too_many():
    assert sms.too_many("ü" * 640) == 0
    assert sms.too_many("ü" * 641) == 1


@given(st.text(max_size=700))
def test_a_longer_text_never_takes_fewer_parts(text):
    assert sms.measure(text).parts <= sms.measure(text + "x").parts
