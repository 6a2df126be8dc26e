"""The addresses of a wording become gaps, and filled with themselves nothing has changed."""

import pytest

from domain.content import blocks, countable, frame, rendering
from domain.content.frame import Theme
from domain.content.placeholders import OPENED, catalogue, clicked
from domain.content.rendering import Kind
from domain.errors import Unacceptable

VALUES = {
    "member.first_name": "Nora & Co",
    "member.card": "4 7",
    "cafe.name": "Aurora",
    "cafe.address": "Wien",
    "links.unsubscribe": "https://regulars.example/u/1",
    "links.preferences": "https://regulars.example/p/1",
    "links.browser": "https://regulars.example/v/1",
    "links.card": "https://regulars.example/p/2",
}
MENU = "https://cafe.example/menu?utm_source=mail&utm_medium=x"


def page(*parts: dict) -> str:
    return frame.page(blocks.parse(list(parts)), Theme())


def words(text: str) -> dict:
    return {"type": "text", "text": text}


def button(url: str) -> dict:
    return {"type": "button", "text": "Go", "url": url}


@pytest.mark.parametrize(
    ("parts", "addresses"),
    [
        ([button(MENU)], (MENU,)),
        ([button(MENU), button("https://b.example/#top"), button(MENU)], (MENU, "https://b.example/#top")),
        ([words(f'See <a href="{MENU}">the menu</a>, {{{{ member.first_name }}}}.')], (MENU,)),
        ([{"type": "image", "url": "https://b.example/i.png", "link": "https://b.example/"}], ("https://b.example/",)),
        ([button("https://b.example/?card={{ member.card }}")], ()),
        ([button("{{ links.card }}"), button("mailto:cafe@example.com"), button("tel:+4312345")], ()),
        ([words("Written out: https://b.example/ is only words in an e-mail.")], ()),
        ([button("https://b.example/" + "ä" * 991)], ()),
    ],
)
def test_addresses_that_are_the_same_for_all_are_found_and_nothing_else(parts, addresses):
    found = countable.compile(page(*parts), Kind.HTML)

    assert found.addresses == addresses


@pytest.mark.parametrize("url", [MENU, "https://b.example/?card={{ member.card }}", "https://b.example/ü?q=%20"])
def test_filled_with_themselves_the_page_is_what_it_was_and_has_no_pixel(url):
    source = page(
        words('Hello {{ member.first_name }}, <a href="https://a.example/?a=1&amp;b=2">look</a>'), button(url)
    )
    found = countable.compile(source, Kind.HTML)

    assert found.compiled.render(VALUES | found.plain) == rendering.compile(source, Kind.HTML).render(VALUES)
    assert found.has_pixel


def test_filled_with_counted_links_the_page_holds_these_and_the_pixel():
    found = countable.compile(page(button(MENU)), Kind.HTML)
    filled = found.compiled.render(VALUES | {clicked(0): "https://r.example/c/x", OPENED: "https://r.example/o/y.gif"})

    assert 'href="https://r.example/c/x"' in filled
    assert '<img src="https://r.example/o/y.gif" width="1" height="1" alt=""></body>' in filled
    assert "cafe.example" not in filled


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("Menu: https://cafe.example/menu.", ("https://cafe.example/menu",)),
        ("(http://a.example/?a=1&b=2) https://b.example!", ("http://a.example/?a=1&b=2", "https://b.example")),
        ("https://a.example/{{ member.card }} and https://b.example", ("https://b.example",)),
        ("{{ links.card }} cafe.example ftp://a.example", ()),
    ],
)
def test_addresses_in_a_text_end_where_the_sentence_goes_on(text, addresses):
    found = countable.compile(text, Kind.SMS)

    assert (found.addresses, found.has_pixel) == (addresses, False)
    assert found.compiled.render(VALUES | found.plain) == rendering.compile(text, Kind.SMS).render(VALUES)


def test_an_owner_cannot_write_a_counted_link_themselves():
    for name in (clicked(0), OPENED):
        assert catalogue().find(name) is None
        with pytest.raises(Unacceptable):
            rendering.compile(f"{{{{ {name} }}}}", Kind.SMS)


def test_an_address_in_a_place_without_gaps_leaves_the_wording_as_it_is():
    source = '<html><body><!-- <a href="https://a.example">old</a> --><a href="https://b.example">b</a></body></html>'
    found = countable.compile(source, Kind.HTML)

    assert (found.addresses, found.has_pixel) == ((), False)
    assert found.compiled.render({}) == source
