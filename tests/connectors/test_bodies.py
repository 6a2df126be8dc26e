import pytest

from connectors import bodies


def test_a_json_object_is_read_as_it_stands():
    assert bodies.read_object(b'{"a": [1, 2.5, null, {"b": "\xc3\xa4"}]}') == {"a": [1, 2.5, None, {"b": "ä"}]}


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b'"text"',
        b"{",
        b"\xff\xfe",
        b'{"a": NaN}',
        b'{"a": 1e999}',
        b'{"a":' * 40 + b"1" + b"}" * 40,
        b"[" * 100_000,
        b'{"a": ' + b"9" * 5000 + b"}",
    ],
)
def test_what_is_no_object_that_can_be_kept_is_none(raw):
    assert bodies.read_object(raw) is None


def test_characters_that_cannot_be_kept_cost_no_sale():
    assert bodies.read_object(rb'{"name": "a\u0000b\ud800"}') == {"name": "a\ufffdb\ufffd"}


def test_pairs_of_surrogates_are_one_character():
    assert bodies.read_object(rb'{"name": "\ud83d\ude00"}') == {"name": "😀"}


def test_whatever_came_can_be_shown_as_text():
    assert bodies.as_text(b"a\x00\xff") == {"text": "a\ufffd\ufffd"}
