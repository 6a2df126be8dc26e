import pytest

from domain.content import blocks, frame, markup, rendering
from domain.content.frame import Theme
from domain.content.placeholders import Occasion, catalogue, filled
from domain.content.rendering import Kind
from domain.errors import Unacceptable

ALL_KINDS = [
    {"type": "heading", "text": "Hello <you> & {{ member.first_name }}", "level": 2},
    {"type": "text", "text": "First\nline\n\n<b>Second</b> paragraph"},
    {"type": "image", "url": "https://aurora.example/cup.png", "alt": "A cup"},
    {"type": "button", "text": "My card", "url": "{{ links.card }}"},
    {"type": "divider"},
    {"type": "spacer", "height": 40},
    {"type": "reward_card"},
    {"type": "html", "html": "<table><tr><td>Own</td></tr></table>"},
    {"type": "look", "paper": "#ffffff", "serif": False},
]


def page(*raw, theme=None):
    return frame.page(blocks.parse(list(raw)), theme or Theme())


def problems(*raw, occasion=Occasion.ANY):
    return [(each.path, each.message) for each in blocks.problems(blocks.parse(list(raw)), catalogue(occasion))]


def rendered(source, kind, **values):
    compiled = rendering.compile(source, kind)
    return compiled.render(filled(compiled.names, {name.replace("__", "."): value for name, value in values.items()}))


def test_every_kind_of_block_is_shown_and_read():
    parsed = blocks.parse(ALL_KINDS)

    assert blocks.problems(parsed, catalogue()) == []
    html = rendered(frame.page(parsed, Theme()), Kind.HTML)
    text = rendered(frame.plain(parsed, Theme()), Kind.TEXT)
    assert "Hello &lt;you&gt; &amp; Leonie" in html
    assert "First<br>line</p>" in html
    assert "Hello <you> & Leonie" in text
    assert "First\nline\n\nSecond paragraph" in text
    assert "My card: https://example.com/p/example" in text
    assert "Ten percent thank-you: 10%" in text


def test_blocks_come_back_as_they_were_saved():
    assert blocks.parse(blocks.as_json(blocks.parse(ALL_KINDS))) == blocks.parse(ALL_KINDS)


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        ([{"type": "marquee", "text": "x"}], "blocks.0"),
        ([{"text": "x"}], "blocks.0"),
        ([], "blocks"),
        ({}, "blocks"),
        ("text", "blocks"),
        (["text"], "blocks.0"),
        ([{"type": "text", "text": 3}], "blocks.0.text"),
        ([{"type": "text", "text": ""}], "blocks.0.text"),
        ([{"type": "text", "text": "x", "onclick": "x"}], "blocks.0.onclick"),
        ([{"type": "divider"}, {"type": "spacer", "height": 9999}], "blocks.1.height"),
        ([{"type": "look", "paper": "red;}"}], "blocks.0.paper"),
        ([{"type": "divider"}] * 101, "blocks"),
    ],
)
def test_what_is_no_block_is_refused_beside_its_field(raw, path):
    with pytest.raises(Unacceptable) as refused:
        blocks.parse(raw)

    assert [each.path for each in refused.value.errors] == [path]


@pytest.mark.parametrize(
    ("block", "path"),
    [
        ({"type": "heading", "text": "{{ member.frist_name }}"}, "blocks.0.text"),
        ({"type": "image", "url": "https://a.at/x.png", "alt": "{{ nobody }}"}, "blocks.0.alt"),
        ({"type": "image", "url": "http://a.at/x.png"}, "blocks.0.url"),
        ({"type": "image", "url": "https://a.at/x.png", "link": "javascript:alert(1)"}, "blocks.0.link"),
        ({"type": "button", "text": "x", "url": "data:text/html,x"}, "blocks.0.url"),
        ({"type": "button", "text": "x", "url": 'https://a.at/" onclick=x'}, "blocks.0.url"),
        ({"type": "button", "text": "x", "url": "{{ nobody }}"}, "blocks.0.url"),
        ({"type": "button", "text": "x", "url": "{{ member.first_name }}"}, "blocks.0"),
        ({"type": "button", "text": "x", "url": "https://{{ member.first_name }}/"}, "blocks.0"),
        ({"type": "html", "html": "<b {{ member.first_name }}>x</b>"}, "blocks.0"),
        ({"type": "html", "html": '<a href="{{ member.first_name }}">x</a>'}, "blocks.0"),
        ({"type": "html", "html": '<p style="color: {{ member.first_name }}">x</p>'}, "blocks.0"),
    ],
)
def test_a_problem_is_told_beside_its_field(block, path):
    assert [where for where, _ in problems(block)] == [path]


def test_a_reward_card_needs_a_reward():
    assert problems({"type": "reward_card"}, occasion=Occasion.REWARD) == []
    assert [where for where, _ in problems({"type": "reward_card"}, occasion=Occasion.PURCHASE)] == ["blocks.0.type"]


def test_conditions_and_addresses_with_placeholders_survive_inlining():
    source = page(
        {
            "type": "text",
            "text": "{% if reward.threshold >= 100 %}much{% endif %}{% if reward.threshold < 5 %}x{% endif %}",
        },
        {
            "type": "button",
            "text": "Go",
            "url": "https://a.at/?n={{ member.full_name }}&c={{ member.card }}#{{ tier.name }}",
        },
        {"type": "text", "text": '<a href="https://a.at/{{ member.card | default("none") }}">x</a>'},
    )

    assert "{% if reward.threshold >= 100 %}much{% endif %}" in source
    html = rendered(source, Kind.HTML, member__full_name='A "B" & <c>')
    assert 'href="https://a.at/?n=A%20%22B%22%20%26%20%3Cc%3E&amp;c=40012345#Gold"' in html
    assert 'href="https://a.at/40012345"' in html


def test_a_value_in_an_address_is_encoded_in_the_plain_text_too():
    block = blocks.parse([{"type": "button", "text": "Go", "url": "https://a.at/?n={{ member.full_name }}"}])

    assert "Go: https://a.at/?n=Leonie%20Huber\n" in rendered(frame.plain(block, Theme()), Kind.TEXT)


DANGEROUS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)></svg>",
    "<math><mi xlink:href='javascript:alert(1)'></math>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href='//evil.example'>x</a>",
    "<a href='data:text/html,x'>x</a>",
    "<form action='https://evil.example'><input name=a></form>",
    "<iframe src='https://evil.example'></iframe>",
    "<style>body{display:none}</style>",
    "<link rel=stylesheet href='https://evil.example'>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<base href='https://evil.example'>",
    "<div hx-get='https://evil.example' data-hx-get='x'>x</div>",
    "<p style='position:fixed;background:url(https://evil.example)'>x</p>",
    "<object data='x'></object><embed src='x'>",
    "<!-- <script>alert(1)</script> -->",
    "</td></tr></table></body><p class='foot'>x",
]


@pytest.mark.parametrize("source", DANGEROUS)
@pytest.mark.parametrize("kind", ["html", "text"])
def test_owners_html_is_cleaned_by_a_list_of_what_is_allowed(source, kind):
    cleaned = blocks.parse([{"type": kind, kind: source}])[0].as_html().lower()

    for bad in ("<script", "onerror", "onload", "javascript:", "<svg", "<math", "<form", "<input", "<iframe", "<style",
                "<link", "<meta", "<base", "hx-", "position", "url(", "<object", "<embed", "<!--", "data:",
                "//evil", "</body", "class='foot'"):  # fmt: skip
        assert bad not in cleaned


def test_unclosed_html_cannot_swallow_the_footer():
    html = rendered(page({"type": "html", "html": "<div><table><tr><td><a href='https://a.at'>open"}), Kind.HTML)

    assert html.index("open</a>") < html.index("https://example.com/u/example")


@pytest.mark.parametrize("language", ["en", "de-AT", "xx"])
def test_every_email_has_the_footer(language):
    parsed = blocks.parse([{"type": "divider"}])
    theme = Theme(language=language)
    html = rendered(frame.page(parsed, theme), Kind.HTML)
    text = rendered(frame.plain(parsed, theme), Kind.TEXT)

    for each in ("https://example.com/u/example", "https://example.com/p/example", "https://example.com/v/example",
                 "Lindengasse 4, 1070 Wien", "Café Aurora"):  # fmt: skip
        assert each in html
        assert each in text
    assert ("Abmelden" in html) == ("Abmelden" in text) == (language == "de-AT")


def test_styles_are_inlined_and_the_layout_is_a_table_of_600_pixels():
    html = page({"type": "button", "text": "Go", "url": "https://a.at/"}, theme=Theme(colour="#123456"))

    assert "<style" not in html
    assert "class=" not in html
    assert 'width="600"' in html
    assert "background-color:#123456" in html


@pytest.mark.parametrize(
    ("colour", "letters"), [("#4a2f22", "#ffffff"), ("#ffe680", "#1d1713"), ("#ffffff", "#1d1713")]
)
def test_words_on_the_cafes_colour_can_be_read(colour, letters):
    assert Theme(colour=colour).on_colour == letters


def test_a_theme_takes_colours_and_nothing_else():
    with pytest.raises(ValueError, match="colour"):
        Theme(colour="red;} body {display:none")


def test_a_logo_stands_instead_of_the_name():
    html = page({"type": "divider"}, theme=Theme(logo="https://aurora.example/logo.png"))

    assert 'src="https://aurora.example/logo.png" alt="{{ cafe.name }}"' in html


def test_a_body_with_markup_is_the_owners_html_and_any_other_is_paragraphs():
    assert blocks.from_body("5 < 6 and 7 > 6")[0].type == "text"
    assert blocks.from_body("<p>Hi</p>")[0].type == "html"


def test_html_becomes_text_that_reads_well():
    link = '<a href="https://a.at/x?a=1&amp;b=2">see</a>'
    source = f"<h1>News</h1><p>Come <b>by</b>, {link} us</p><ul><li>one</li><li>two</li></ul>"

    assert markup.to_text(markup.clean(source)) == "News\nCome by, see (https://a.at/x?a=1&b=2) us\none\ntwo"
