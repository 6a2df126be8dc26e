import html
import time
from datetime import date
from html.parser import HTMLParser
from itertools import count
from quopri import decodestring
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.content import rendering
from domain.content.placeholders import Amount, catalogue
from domain.content.rendering import Kind, RenderFailed
from domain.errors import Unacceptable

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)


def render(source, kind=Kind.TEXT, locale="en", **values):
    dotted = {name.replace("__", "."): value for name, value in values.items()}
    return rendering.compile(source, kind).render(dotted, locale=locale)


def refusal(source, kind=Kind.TEXT, known=None):
    with pytest.raises(Unacceptable) as refused:
        rendering.compile(source, kind, known or catalogue())
    return " / ".join(each.message for each in refused.value.errors)


FORBIDDEN = [
    "{{ ''.__class__ }}",
    "{{ member.__class__ }}",
    "{{ member.first_name.__class__.__mro__ }}",
    "{{ member['first_name'] }}",
    "{{ member.first_name[0] }}",
    "{{ member.first_name[1:2] }}",
    "{{ range(1000000000) }}",
    "{{ lipsum() }}",
    "{{ cycler }}",
    "{{ self }}",
    "{{ config.SECRET_KEY }}",
    "{{ request }}",
    "{{ member.first_name.upper() }}",
    "{{ 1 + 2 }}",
    "{{ 2 ** 999999 }}",
    "{{ 10 % 3 }}",
    "{{ -1 }}",
    "{{ 'a' * 99999999 }}",
    "{{ 'a' ~ 'b' }}",
    "{{ [1, 2] }}",
    "{{ (1, 2) }}",
    "{{ {'a': 1} }}",
    "{{ 'x' if member.first_name else 'y' }}",
    "{{ member.first_name is defined }}",
    "{% if 'x' in member.first_name %}{% endif %}",
    "{% if member.first_name is string %}{% endif %}",
    "{% set x = 1 %}",
    "{% set x %}a{% endset %}",
    "{% macro m() %}{% endmacro %}",
    "{% call m() %}{% endcall %}",
    "{% import 'x' as y %}",
    "{% from 'x' import y %}",
    "{% include 'x' %}",
    "{% extends 'x' %}",
    "{% block b %}{% endblock %}",
    "{% filter upper %}a{% endfilter %}",
    "{% with %}{% endwith %}",
    "{% autoescape false %}{{ member.first_name }}{% endautoescape %}",
    "{% raw %}{{ x }}{% endraw %}",
    "{% for x in range(9) %}{% endfor %}",
    "{% for x in [1] %}{% endfor %}",
    "{% for x in member.first_name %}{% endfor %}",
    "{% for x in balances recursive %}{% endfor %}",
    "{% for x in balances if x.amount %}{% endfor %}",
    "{% for a, b in balances %}{% endfor %}",
    "{% for _locale in balances %}{% endfor %}",
    "{% for loop in balances %}{% endfor %}",
    "{% for member__first_name in balances %}{% endfor %}",
    "{% for x in balances %}{{ x.items }}{% endfor %}",
    "{% for x in balances %}{{ loop.cycle }}{% endfor %}",
    "{% for x in balances %}{{ x }}{% endfor %}",
    "{{ loop.index }}",
    "{{ balances }}",
    "{{ member.first_name | safe }}",
    "{{ member.first_name | attr('x') }}",
    "{{ member.first_name | format }}",
    "{{ member.first_name | default(member.last_name) }}",
    "{{ member.first_name | default(value='x') }}",
    "{{ member.first_name | default(*x) }}",
    "{{ member.first_name | upper(1) }}",
    "{{ reward.valid_until | date('yyyy') }}",
    "{{ member.first_name | _text('en') }}",
    "{{ _locale }}",
    "{% debug %}",
    "{% do x %}",
    "{{ " + "(" * 4000 + "1" + ")" * 4000 + " }}",
    "{{ " + "9" * 5000 + " }}",
    "{% if " + " and ".join(["member.first_name"] * 200) + " %}{% endif %}",
    "{{ member.first_name" + "|upper" * 500 + " }}",
    "{% if 1 %}" * 100 + "{% endif %}" * 100,
    "{% if 1 %}" + "{% elif 1 %}" * 100 + "{% endif %}",
    "{% for a in balances %}" * 3 + "{% endfor %}" * 3,
    "{{ member.first_name }}" * 1001,
    "{{ unclosed",
    "{% if %}{% endif %}",
    "bell \a",
    "nul \0",
    "\ud800",
]


@pytest.mark.parametrize("source", FORBIDDEN, ids=lambda source: ascii(source[:40]))
@pytest.mark.parametrize("kind", [Kind.TEXT, Kind.HTML, Kind.SMS, Kind.SUBJECT])
def test_what_is_not_allowed_is_refused(source, kind):
    assert refusal(source, kind)


@given(st.text("{}%#|.()[]'\"~+-*/_ abmember.first_nameifforendin=<>!1", max_size=120))
def test_whatever_is_typed_is_compiled_or_refused(source):
    try:
        compiled = rendering.compile(source, Kind.TEXT)
    except Unacceptable as refused:
        assert refused.errors
    else:
        compiled.render({"member.first_name": "Leonie"})


def test_a_refusal_tells_line_and_column():
    told = refusal("Dear guest,\n\nhello {{ member.frist_name }}!")

    assert told == "Line 3, column 10: There is no placeholder “member.frist_name”. Did you mean “member.first_name”?"


def test_all_problems_are_told_at_once():
    assert refusal("{{ a }}\n{{ 1 + 1 }}").count("Line") == 2


def test_a_text_over_64_kib_is_refused_beside_its_field():
    problems = rendering.check("ü" * 32_769, Kind.TEXT, catalogue(), "body")

    assert [each.path for each in problems] == ["body"]
    assert not rendering.check("ü" * 32_768, Kind.TEXT, catalogue(), "body")


def test_a_member_without_a_first_name_is_greeted_by_the_default():
    source = 'Hi {{ member.first_name | default("friend") }}!'

    assert render(source, member__first_name=None) == "Hi friend!"
    assert render(source, member__first_name="") == "Hi friend!"
    assert render(source, member__first_name="Leonie") == "Hi Leonie!"


def test_a_value_that_is_missing_is_an_error():
    with pytest.raises(RenderFailed):
        render("{{ reward.code }}")


def test_who_never_had_a_currency_has_none_of_it():
    assert render("{{ balance.stars }} stars") == "0 stars"
    assert render("{% if balance.stars > 0 %}some{% else %}none{% endif %}") == "none"


def test_two_balances_read_as_a_list_and_one_has_no_stray_comma():
    source = (
        "Dear participant {{ member.full_name }}, your bonus account balances are: "
        "{% for balance in balances %}{{ balance.amount }} {{ balance.name }}"
        "{% if not loop.last %}, {% endif %}{% endfor %}."
    )
    points, stars = {"name": "bonus points", "amount": 300}, {"name": "stars", "amount": 52}

    assert render(source, member__full_name="Olga Ivanovna", balances=[points, stars]) == (
        "Dear participant Olga Ivanovna, your bonus account balances are: 300 bonus points, 52 stars."
    )
    assert render(source, member__full_name="Olga Ivanovna", balances=[points]) == (
        "Dear participant Olga Ivanovna, your bonus account balances are: 300 bonus points."
    )


def test_a_receipt_tells_the_discount():
    source = "Your discount amount was {{ discount.amount }} {{ discount.currency }}."

    assert render(source, discount__amount=351, discount__currency="RUB") == "Your discount amount was 351 RUB."


@pytest.mark.parametrize(
    ("locale", "written"),
    [("en", "12,500 €12.50 Jun 30, 2026"), ("de", "12.500 12,50\xa0€ 30.06.2026")],
)
def test_numbers_money_and_dates_are_written_as_the_locale_writes_them(locale, written):
    text = render(
        "{{ balance.points }} {{ purchase.amount }} {{ reward.valid_until }}",
        locale=locale,
        balance__points=12500,
        purchase__amount=Amount(1250, "EUR"),
        reward__valid_until=date(2026, 6, 30),
    )

    assert text == written


@pytest.mark.parametrize("locale", ["xx", "", "not a locale", "en_XX"])
def test_a_locale_nobody_knows_is_read_as_english(locale):
    assert render("{{ purchase.amount }} {{ balance.points }}", locale=locale,
                  purchase__amount=Amount(1250, "EUR"), balance__points=12500) == "€12.50 12,500"  # fmt: skip


def test_who_has_no_tier_reads_nothing():
    assert render("{{ member.first_name }}{{ tier.name }}", member__first_name="Nora") == "Nora"


@pytest.mark.parametrize(("count", "word"), [(0, "points"), (1, "point"), (2, "points"), (11, "points")])
def test_a_noun_follows_its_number(count, word):
    assert render('{{ balance.points | plural("point", "points") }}', balance__points=count) == word


@pytest.mark.parametrize(("count", "word"), [(1, "балл"), (3, "балла"), (5, "баллов"), (21, "балл"), (12, "баллов")])
def test_languages_with_three_forms_take_three(count, word):
    source = '{{ balance.points | plural("балл", "балла", "баллов") }}'

    assert render(source, locale="ru", balance__points=count) == word


def test_filters_do_what_they_say():
    source = "{{ member.first_name | upper }} {{ member.first_name | title }} {{ reward.valid_until | date('long') }}"

    assert render(source, member__first_name="zoë mcDonald", reward__valid_until=date(2026, 6, 30)) == (
        "ZOË MCDONALD Zoë McDonald June 30, 2026"
    )


def test_money_compares_in_whole_units():
    source = "{% if purchase.amount >= 10 %}much{% else %}little{% endif %}"

    assert render(source, purchase__amount=Amount(1000, "EUR")) == "much"
    assert render(source, purchase__amount=Amount(999, "EUR")) == "little"


def test_a_number_does_not_compare_with_a_text():
    assert "two different things" in refusal("{% if balance.points > 'x' %}{% endif %}")


def test_what_a_member_typed_is_never_a_template():
    assert render("{{ member.first_name }}", member__first_name="{{ 7 * 7 }}{% raw %}") == "{{ 7 * 7 }}{% raw %}"


PLACES = (
    '<p title="{{ member.full_name }}">{{ member.full_name }}</p><a href="https://a.at/?n={{ member.full_name }}">x</a>'
)


class _Seen(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.text = [], ""

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


@given(ANY_TEXT)
def test_a_value_stays_in_its_place_in_html(value):
    seen = _Seen()
    seen.feed(render(PLACES, Kind.HTML, member__full_name=value))
    seen.close()

    assert [tag for tag, _ in seen.tags] == ["p", "a"]
    assert seen.tags[0][1] == {"title": value}
    assert seen.text == value + "x"
    assert set(seen.tags[1][1]["href"]) <= set(
        "https://a.at/?n=%_.-~ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    )


@given(ANY_TEXT, st.sampled_from([Kind.HTML, Kind.TEXT]))
def test_encoded_while_rendered_it_is_the_same_text(value, kind):
    source = (
        "Liebe {{ member.full_name }},\n \nschön = gut {% if member.full_name %} ja \n{% endif %}{{ member.full_name }}"
    )
    compiled = rendering.compile(source, kind)
    values = {"member.full_name": value}

    encoded = compiled.render_quoted(values)

    unix = compiled.render(values).replace("\r\n", "\n").replace("\r", "\n")
    assert decodestring(encoded).decode().replace("\r\n", "\n") == unix
    assert all(len(line) <= 76 for line in encoded.split(b"\r\n"))
    assert encoded.isascii()


@pytest.mark.parametrize(
    "source",
    [
        '<a href="{{ member.full_name }}">x</a>',
        '<a href="{{ links.card | default("javascript:alert(1)") }}">x</a>',
        '<a href="https://{{ member.full_name }}.at">x</a>',
        '<a href="https://a.at{{ member.full_name }}">x</a>',
        '<a href="java{{ member.full_name }}script:x">x</a>',
        '<a href="{{ links.card }}{{ member.full_name }}">x</a>',
        '<a href="{% if member.full_name %}javascript:x{% endif %}">x</a>',
        '<p style="color: {{ member.full_name }}">x</p>',
        '<p onclick="{{ member.full_name }}">x</p>',
        "<p title={{ member.full_name }}>x</p>",
        "<{{ member.full_name }}>",
        "<p {{ member.full_name }}>x</p>",
        "<script>{{ member.full_name }}</script>",
        "<style>{{ member.full_name }}</style>",
        "<!-- {{ member.full_name }} -->",
        '<p title="{% if member.full_name %}" onclick="{% endif %}">x</p>',
        '<p title="{% if member.full_name %}" title=\'{% endif %}">x</p>',
        "{% if member.full_name %}<p {% endif %}>x</p>",
        "{% for each in balances %}<script>{% endfor %}",
        "<p",
    ],
)
def test_a_place_that_cannot_be_made_safe_is_refused(source):
    assert refusal(source, Kind.HTML)


def test_one_of_our_links_may_be_a_whole_address():
    text = render('<a href="{{ links.card }}">x</a>', Kind.HTML, links__card="https://r.example/p/a?b=1&c=2")

    assert html.unescape(text) == '<a href="https://r.example/p/a?b=1&c=2">x</a>'


def test_a_result_over_the_limit_is_an_error_not_a_cut():
    assert len(render("{{ member.first_name }}", Kind.SMS, member__first_name="x" * 1600)) == 1600
    with pytest.raises(RenderFailed, match="larger"):
        render("{{ member.first_name }}", Kind.SMS, member__first_name="x" * 1601)
    with pytest.raises(RenderFailed, match="larger"):
        rendering.compile("{{ member.first_name }}", Kind.HTML).render_quoted({"member.first_name": "ü" * 131_073})


def test_a_mail_is_limited_in_what_it_says_not_in_how_it_is_encoded():
    body = rendering.compile("{{ member.first_name }}", Kind.TEXT).render_quoted({"member.first_name": "ü" * 131_072})

    assert len(body) > 256 * 1024


def test_a_loop_goes_over_a_hundred_items_and_no_more():
    balances = [{"name": "x", "amount": 1}] * 500

    assert render("{% for each in balances %}.{% endfor %}", balances=balances) == "." * 100


@pytest.mark.parametrize("source", ["Hi", "{% for a in balances %}{% if a.amount > 5 %}x{% endif %}{% endfor %}"])
def test_a_text_that_takes_too_long_is_given_up(source, monkeypatch):
    monkeypatch.setattr(rendering, "MOST_SECONDS", -1.0)

    with pytest.raises(RenderFailed, match="too long"):
        render(source, balances=[{"name": "points", "amount": 1}])


def test_a_text_that_had_to_wait_for_the_processor_is_not_refused(monkeypatch):
    hours = count(step=3600)
    waiting = SimpleNamespace(perf_counter=lambda: next(hours), thread_time=time.thread_time)
    monkeypatch.setattr(rendering, "time", waiting)

    assert rendering.compile("{{ member.first_name }}!", Kind.TEXT).render({"member.first_name": "Nora"}) == "Nora!"


def test_the_same_text_is_compiled_once():
    assert rendering.compile("Hi {{ member.first_name }}", Kind.TEXT) is rendering.compile(
        "Hi {{ member.first_name }}", Kind.TEXT
    )
