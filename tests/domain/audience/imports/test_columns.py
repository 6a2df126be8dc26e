import pytest

from domain.audience.imports import columns
from domain.errors import Unacceptable


def test_our_own_names_need_no_mapping_whatever_their_case():
    found = columns.assign(["External_ID", "email", "attributes.milk", "Kassier"], {})

    assert found.fields == ["external_id", "email", "attributes.milk", None]
    assert found.unused == ["Kassier"]


def test_what_a_person_chose_counts():
    found = columns.assign(["email", "Mail"], {"email": "", "Mail": "email"})

    assert (found.fields, found.unused) == ([None, "email"], [])


@pytest.mark.parametrize(
    ("headers", "mapping"),
    [
        (["a", "a"], {}),
        (["email", "Mail"], {"Mail": "email"}),
        (["email"], {"Mail": "email"}),
        (["Mail"], {"Mail": "e-mail"}),
        (["Mail"], {"Mail": "consent_fax_rewards"}),
        (["Mail"], {"Mail": "attributes."}),
    ],
    ids=["twice", "two for one", "no such column", "no such field", "no such channel", "attribute without a name"],
)
def test_what_cannot_be_meant_is_refused(headers, mapping):
    with pytest.raises(Unacceptable):
        columns.assign(headers, mapping)


def test_a_file_that_names_nobody_is_refused():
    with pytest.raises(Unacceptable):
        columns.assign_members(["first_name", "birthday"], {})


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("E-Mail", "email"),
        ("E-Mail-Adresse", "email"),
        ("Vorname", "first_name"),
        ("Nachname", "last_name"),
        ("Geburtstag", "birthday"),
        ("Geb.-Datum", "birthday"),
        ("Mobil", "phone"),
        ("Handy Nr.", ""),
        ("Telefonnummer", "phone"),
        ("Kundennr.", "external_id"),
        ("Member since", "joined_on"),
        ("Sprache", "locale"),
        ("Kassier", ""),
    ],
)
def test_headers_of_other_programs_are_guessed(header, field):
    assert columns.guessed([header]) == {header: field}


def test_no_field_is_guessed_twice():
    assert columns.guessed(["Telefon", "Mobil"]) == {"Telefon": "phone", "Mobil": ""}
