"""Conditions as people read them, in English and German."""

import re
from contextlib import contextmanager

import pytest
from flask import g

from domain.audience.facts import FACTS
from domain.fact import OPERATORS
from models.tenant import Tenant
from web import condition_words, create_app
from web.condition_words import Names
from web.config import Settings


class Known(Names):
    """Names that need no database."""

    def __init__(self):
        super().__init__(None)

    def segment(self, segment_id):
        return f"Segment {segment_id}"

    def currency(self, code):
        return code.capitalize()


def leaf(fact, op, value=None, **more):
    return {"fact": fact, "op": op} | ({} if value is None else {"value": value}) | more


REGULARS = {
    "all": [
        leaf("purchases.count", "gte", 3, window_days=30, where={"channel": "pos"}),
        leaf("tags", "not_in", ["staff"]),
        leaf("member.birthday", "within_days", 7),
    ]
}


@pytest.fixture(scope="module")
def app(tmp_path_factory, servers):
    """The application without a database: words need none."""
    urls = {"database_url": servers.addresses.database_url, "redis_url": servers.redis_url(0)}
    keys = {"secret_key": ("secret",), "credentials_key": ("credentials",)}
    return create_app(Settings(home=tmp_path_factory.mktemp("home"), outbound_allow=(), **urls, **keys))


@contextmanager
def speaking(app, language):
    with app.test_request_context(headers={"Accept-Language": language}):
        g.tenant = Tenant(timezone="Europe/Vienna", currency="EUR", locale="de-AT", country="AT")
        yield lambda tree: condition_words.sentence(None, tree, Known())


@pytest.mark.parametrize(
    ("tree", "english", "german"),
    [
        (
            REGULARS,
            "Guests who bought at least 3 times in the last 30 days in the shop and whose birthday is in the next "
            "7 days, but who are not tagged “staff”.",
            "Gäste, die in den letzten 30 Tagen im Geschäft mindestens 3 Mal eingekauft haben und die in den nächsten "
            "7 Tagen Geburtstag haben, aber die nicht das Schlagwort „staff“ haben.",
        ),
        (
            leaf("purchases.count", "eq", 0, window_days=60),
            "Guests who bought nothing in the last 60 days.",
            "Gäste, die in den letzten 60 Tagen nichts gekauft haben.",
        ),
        (
            {"not": leaf("purchases.last_at", "within_days", 30)},
            "All guests, but not those whose last purchase was in the last 30 days.",
            "Alle Gäste, aber nicht jene, deren letzter Einkauf in den letzten 30 Tagen war.",
        ),
        (
            {"not": leaf("purchases.sum", "gte", "50")},
            "Guests who spent less than €50.00.",
            "Gäste, die weniger als €\xa050,00 ausgegeben haben.",
        ),
        (
            {"any": [leaf("tags", "contains", "vip"), {"all": [leaf("points.balance", "gte", 1)] * 2}]},
            "Guests who are tagged “vip” or (who have at least 1 point and who have at least 1 point).",
            "Gäste, die das Schlagwort „vip“ haben oder (die mindestens 1 Punkt haben und die mindestens 1 Punkt "
            "haben).",
        ),
        (
            leaf("consent.email.promotional", "ne", value=True),
            "Guests who have not agreed to Offers by E-mail.",
            "Gäste, die kein Ja für Angebote per E-Mail gegeben haben.",
        ),
        (
            leaf("purchases.count", "gte", 1, where={"product": "Latte", "weekday": ["monday", "friday"]}),
            "Guests who bought “Latte” on Monday or Friday.",
            "Gäste, die am Montag oder Freitag „Latte“ gekauft haben.",
        ),
        (
            leaf("purchases.last_at", "more_than_days_ago", 90),
            "Guests whose last purchase was more than 90 days ago.",
            "Gäste, deren letzter Einkauf vor mehr als 90 Tagen war.",
        ),
        (
            leaf("segments", "in", [1, 2]),
            "Guests who are in the segment “Segment 1” or “Segment 2”.",
            "Gäste, die im Segment „Segment 1“ oder „Segment 2“ sind.",
        ),
        (
            leaf("messages.opened", "eq", 0, window_days=30, where={"channel": "email"}),
            "Guests who opened no message by E-mail in the last 30 days.",
            "Gäste, die in den letzten 30 Tagen per E-Mail keine Nachricht geöffnet haben.",
        ),
        ({"all": []}, "All guests.", "Alle Gäste."),
    ],
)
def test_a_tree_is_a_sentence(app, tree, english, german):
    for language, words in (("en", english), ("de", german)):
        with speaking(app, language) as say:
            assert say(tree) == words


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_question_about_every_fact_has_a_sentence_without_gaps(app, language):
    with speaking(app, language) as say:
        for fact, op in ((each, op) for each in FACTS.values() for op in each.operators):
            tree = leaf(fact.name, op, value_of(fact, op))
            for said in (say(tree), say({"not": tree}), say({"any": [tree, {"not": tree}]})):
                assert said.endswith("."), (fact.name, op, said)
                assert not re.search(r"%\(|None|  | [.,:]", said), (fact.name, op, said)


def test_every_field_of_a_purchase_is_said(app):
    fields = FACTS["purchases.count"].fields.values()
    with speaking(app, "en") as say:
        for field, op in ((each, op) for each in fields for op in each.operators):
            asked = {"op": op} | ({} if op in ("is_set", "not_set") else {"value": value_of(field, op)})
            said = say(leaf("purchases.count", "gte", 2, where={field.name: asked}))
            assert said != say(leaf("purchases.count", "gte", 2)), (field.name, op)


def test_every_word_of_a_list_is_there_in_german(app):
    with app.test_request_context(headers={"Accept-Language": "de"}):
        german = {fact.name: condition_words.fact_words(fact) for fact in FACTS.values()}
        operators = {op: condition_words.operator_words(f, op) for f in FACTS.values() for op in f.operators}
        families = {condition_words.family_words(fact.family) for fact in FACTS.values()}
    with app.test_request_context(headers={"Accept-Language": "en"}):
        english = {fact.name: condition_words.fact_words(fact) for fact in FACTS.values()}

    assert {name for name, said in german.items() if said == english[name]} == set()
    assert operators.keys() == {op for ops in OPERATORS.values() for op in ops}
    assert len(families) == 11 - ("counters" not in {fact.family for fact in FACTS.values()})


def value_of(fact, op):
    if op in ("is_set", "not_set"):
        return None
    if op in ("within_days", "more_than_days_ago"):
        return 3
    example = fact.options[0] if fact.options else fact.example
    if op == "between":
        return [example, example]
    return [example] if op in ("in", "not_in") else example
