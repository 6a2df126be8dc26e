from datetime import date
from pathlib import Path

import openpyxl
import pytest
from sqlalchemy import select

from models.audit import AuditEntry
from models.consent import Consent, ConsentState
from models.event import Event
from models.imports import Import, ImportChange
from models.member import Member
from models.summary import MemberSummary
from models.tag import MemberTag, Tag
from models.tenant import Tenant
from tests.factories import Make

HEADER = "external_id,first_name,email,phone,card"
NORA = "m1,Nora,nora@example.com,0664 1234567,card-1"


@pytest.fixture
def tenant_id(aurora, database) -> int:
    with database.session() as session:
        return session.scalar(select(Tenant.id))


@pytest.fixture
def load(console, aurora, tmp_path):
    """Writes these lines to a file and imports it."""

    def load(*lines: str, options: tuple[str, ...] = (), encoding: str = "utf-8"):
        path: Path = tmp_path / "members.csv"
        path.write_text("\n".join(lines) + "\n", encoding=encoding)
        return console("members", "import", str(path), "--tenant", "aurora", "--json", *options)

    return load


@pytest.fixture
def rows(database, tenant_id):
    """All rows of a model."""

    def rows(model):
        with database.session(tenant_id) as session:
            return list(session.scalars(select(model)))

    return rows


def figures(said) -> tuple[int, ...]:
    return tuple(said.json[name] for name in ("rows", "created", "updated", "unchanged")) + (len(said.json["refused"]),)


def test_a_row_of_a_file_becomes_a_member(load, rows):
    said = load(HEADER, NORA)

    assert said.json == {"rows": 1, "created": 1, "updated": 0, "unchanged": 0, "refused": [], "warnings": []}
    [member] = rows(Member)
    assert (member.external_id, member.first_name, member.email) == ("m1", "Nora", "nora@example.com")
    assert (member.phone, member.phone_country, member.phone_takes_texts) == ("+436641234567", "AT", True)
    assert [event.type for event in rows(Event)] == ["registration.completed"]
    assert rows(MemberSummary)[0].touched_at is not None


def test_the_same_file_twice_changes_nothing(load, rows):
    load(HEADER, NORA)
    before = rows(Member)[0].updated_at

    assert figures(load(HEADER, NORA)) == (1, 0, 0, 1, 0)
    assert rows(Member)[0].updated_at == before


def test_what_a_row_does_not_say_stays(load, rows):
    load(HEADER, NORA)

    said = load("external_id,first_name,last_name", "m1,,Novak")

    assert figures(said) == (1, 0, 1, 0, 0)
    [member] = rows(Member)
    assert (member.first_name, member.last_name, member.email) == ("Nora", "Novak", "nora@example.com")


@pytest.mark.parametrize(
    "row", ["card-1,,,Noor", ",0664 1234567,,Noor", ",,NORA@Example.com,Noor", "card-2,0664 1234567,,Noor"]
)
def test_without_a_number_a_row_means_the_member_of_its_card_phone_or_mail(load, rows, row):
    load(HEADER, NORA)

    assert figures(load("card,phone,email,first_name", row)) == (1, 0, 1, 0, 0)
    assert [member.first_name for member in rows(Member)] == ["Noor"]


def test_bad_rows_are_told_and_the_others_saved(load, rows):
    said = load(
        "external_id,email,phone,birthday,joined_on,country,timezone,locale",
        "m1,nobody,,,,,,",
        "m2,,12,,,,,",
        "m3,,,31.02.1990,,,,",
        "m4,,,1990-02-30,2999-01-01,,,",
        "m5,,,,,Atlantis,Mars/Olympus,klingon",
        "m6,,,",
        ",,,1990-01-01,,,,",
        "m8,good@example.com,0664 1234567,1990-12-31,2020-01-31,Österreich,Europe/Vienna,Deutsch",
    )

    assert said.code == 0
    assert [(each["line"], each["column"]) for each in said.json["refused"]] == [
        (2, "email"),
        (3, "phone"),
        (4, "birthday"),
        (5, "birthday"),
        (5, "joined_on"),
        (6, "country"),
        (6, "locale"),
        (6, "timezone"),
        (7, ""),
        (8, ""),
    ]
    assert all(each["reason"] for each in said.json["refused"])
    [member] = rows(Member)
    assert (member.country, member.locale, str(member.birthday)) == ("AT", "de", "1990-12-31")


def test_what_another_member_has_is_refused_row_by_row(load, rows):
    load(HEADER, NORA)

    said = load(
        HEADER,
        "m2,Lea,nora@example.com,,",
        "m3,Max,,+43 664 1234567,",
        "m4,Eva,,,card-1",
        "m5,Jan,jan@example.com,,",
        "m6,Kai,JAN@example.com,,",
    )

    assert [(each["line"], each["column"]) for each in said.json["refused"]] == [
        (2, "email"),
        (3, "phone"),
        (4, "card"),
        (6, "email"),
    ]
    assert "Line 5" in said.json["refused"][3]["reason"]
    assert {member.external_id for member in rows(Member)} == {"m1", "m5"}


def test_two_rows_of_one_person_are_one_member(load, rows):
    lines = ("external_id,first_name,email,card", "m1,Nora,nora@example.com,", "m1,,,card-7", ",Noor,nora@example.com,")

    assert figures(load(*lines)) == (3, 1, 2, 0, 0)
    [member] = rows(Member)
    assert (member.first_name, member.card, member.email) == ("Noor", "card-7", "nora@example.com")
    assert figures(load(*lines)) == (3, 0, 0, 3, 0)


def test_rows_that_share_an_address_but_not_a_card_are_not_thrown_together(load, rows):
    said = load("card,first_name,email", "c1,Nora,info@example.com", "c2,Max,info@example.com")

    assert [(each["line"], each["column"]) for each in said.json["refused"]] == [(3, "email")]
    assert [member.first_name for member in rows(Member)] == ["Nora"]


def test_a_yes_needs_where_and_when(load, rows):
    said = load(
        "external_id,consent_email_rewards,consent_source,consent_at",
        "m1,yes,paper form,2024-05-01",
        "m2,yes,,2024-05-01",
        "m3,yes,paper form,",
        "m4,maybe,paper form,2024-05-01",
        "m5,,paper form,2024-05-01",
        "m6,no,,",
        "m7,ja,paper form,2999-01-01",
    )

    assert (said.json["created"], said.json["refused"]) == (7, [])
    assert [warning.partition(",")[0] for warning in said.json["warnings"]] == [
        "Line 3", "Line 4", "Line 5", "Line 8", "Line 8",
    ]  # fmt: skip
    assert [(state.channel, state.topic, state.granted) for state in rows(ConsentState)] == [
        ("email", "rewards", True),
        ("email", "rewards", False),
    ]
    assert [consent.source for consent in rows(Consent)] == ["paper form", "import"]


def test_a_file_never_opens_what_a_member_closed(load, rows, database, tenant_id):
    with database.session(tenant_id) as session:
        make = Make(session)
        make.consent(make.member(external_id="m1"), "email", "rewards", granted=False)
        session.commit()

    said = load("external_id,consent_email_rewards,consent_source,consent_at", "m1,yes,paper form,2026-01-01")

    assert figures(said) == (1, 0, 0, 1, 0)
    assert "said no" in said.json["warnings"][0]
    assert [state.granted for state in rows(ConsentState)] == [False]


@pytest.mark.parametrize("answers", [("yes", "no"), ("no", "yes")])
def test_of_two_answers_in_one_file_the_no_counts(load, rows, answers):
    header = "external_id,consent_email_rewards,consent_source,consent_at"

    load(
        header, *(f"m1,{answer},form,{day}" for answer, day in zip(answers, ("2024-01-01", "2023-01-01"), strict=True))
    )

    assert [state.granted for state in rows(ConsentState)] == [False]


def test_a_consent_told_twice_is_recorded_once(load, rows):
    lines = ("external_id,consent_email_rewards,consent_source,consent_at", "m1,yes,form,2024-01-01", "m2,no,,")
    load(*lines)

    assert figures(load(*lines)) == (2, 0, 0, 2, 0)
    assert len(rows(Consent)) == 2


def test_tags_are_put_on_and_those_of_rules_left_to_them(load, rows):
    said = load("external_id,tags", "m1,VIP; Stammtisch", "m2,vip", "m3,sleeping")

    assert "sleeping" in said.json["warnings"][0]
    own = {tag.id: tag.name for tag in rows(Tag) if tag.rule is None}
    assert sorted(own.values()) == ["Stammtisch", "VIP"]
    assert sorted(own[worn.tag_id] for worn in rows(MemberTag) if worn.source == "import") == [
        "Stammtisch",
        "VIP",
        "VIP",
    ]
    assert [event.type for event in rows(Event)].count("tag.applied") == 3
    assert figures(load("external_id,tags", "m1,VIP; Stammtisch", "m2,vip")) == (2, 0, 0, 2, 0)


def test_fields_of_the_cafes_own_are_attributes(load, rows):
    load("external_id,attributes.milk,attributes.Tisch", "m1,oat,4")
    load("external_id,attributes.milk", "m1,soy")

    assert rows(Member)[0].attributes == {"milk": "soy", "Tisch": "4"}


def test_other_headers_encodings_and_dates_are_told_by_options(load, rows):
    mapped = ("Nr=external_id", "E-Mail=email", "Vorname=first_name", "Geburtstag=birthday")
    options = [word for each in mapped for word in ("--map", each)]

    said = load(
        "Nr;E-Mail;Vorname;Geburtstag;Kassier",
        "1;joerg@example.com;Jörg;04.03.1990;x",
        options=(*options, "--encoding", "latin-1", "--dates", "dmy"),
        encoding="latin-1",
    )

    assert (said.json["created"], said.json["warnings"]) == (1, ["The column Kassier is not used."])
    assert (rows(Member)[0].first_name, str(rows(Member)[0].birthday)) == ("Jörg", "1990-03-04")


def test_a_date_order_that_the_file_tells_need_not_be_named(load, rows):
    load("external_id,birthday", "m1,04.03.1990", "m2,31.12.1990")

    assert [str(member.birthday) for member in rows(Member)] == ["1990-03-04", "1990-12-31"]


def test_a_date_order_that_cannot_be_told_is_asked_for(load, rows):
    said = load("external_id,birthday", "m1,04.03.1990")

    assert "Day or month first" in said.json["refused"][0]["reason"]


def test_a_rehearsal_tells_the_same_and_saves_nothing(load, rows):
    load(HEADER, NORA)
    lines = (HEADER, NORA, "m1,Noor,,,", "m2,Lea,lea@example.com,,", "m3,,lea@example.com,,", ",,,,")

    rehearsed = load(*lines, options=("--dry-run",))

    assert [member.first_name for member in rows(Member)] == ["Nora"]
    assert len(rows(Import)) == 1
    assert load(*lines).json == rehearsed.json


def test_what_an_import_did_is_written_down(load, rows, database, tenant_id):
    load(HEADER, NORA)
    load(HEADER, NORA.replace("Nora", "Noor"))

    assert [(each.state, each.figures["rows"]) for each in rows(Import)] == [("done", 1), ("done", 1)]
    assert [(each.was, each.became) for each in rows(ImportChange)] == [
        ({"first_name": "Nora"}, {"first_name": "Noor"})
    ]
    assert [entry.action for entry in rows(AuditEntry)][-2:] == ["members.imported", "members.imported"]


@pytest.mark.parametrize("header", ["external_id,email,email", "email,E-Mail", ""], ids=["twice", "mapped", "nothing"])
def test_a_bad_file_is_refused_whole(load, rows, header):
    said = load(header, "m1,a@example.com,b@example.com", options=("--map", "E-Mail=email") if "E-" in header else ())

    assert (said.code, said.out) == (1, "")
    assert said.err
    assert rows(Member) == []


def test_an_encoding_that_cannot_be_told_is_asked_for(load, rows):
    said = load("external_id,first_name", "m1,Jörg", encoding="latin-1")

    assert said.code == 1
    assert "--encoding" in said.err


def test_a_workbook_is_read_whatever_it_is_called(console, aurora, tmp_path, rows):
    book = openpyxl.Workbook()
    book.active.append(["external_id", "first_name", "birthday", "card"])
    book.active.append(["m1", "Jörg", date(1990, 12, 31), 42])
    path = tmp_path / "guests.txt"
    book.save(path)

    assert console("members", "import", str(path), "--tenant", "aurora", "--json").json["created"] == 1
    [member] = rows(Member)
    assert (member.first_name, str(member.birthday), member.card) == ("Jörg", "1990-12-31", "42")
