from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import pytest
from sqlalchemy import func, select

from models.audit import AuditEntry
from models.imports import Import
from models.ledger import Balance
from models.message import Message
from models.purchase import Purchase, PurchaseItem
from models.tenant import Tenant
from tests.factories import Make

HEADER = "external_id,member_card,amount,occurred_at,item_name,item_amount"
GOOD = "r1,card-7,4.50,2026-03-04T14:05:00+01:00,Melange,4.50"


@pytest.fixture
def tenant_id(aurora, database) -> int:
    with database.session() as session:
        return session.scalar(select(Tenant.id))


@pytest.fixture
def member_id(database, tenant_id) -> int:
    """A guest with the card card-7 who has agreed to e-mail, at a café whose first reward needs four points."""
    with database.session(tenant_id) as session:
        make = Make(session)
        member = make.member(card="card-7", consents=["email"])
        make.reward(channels=["email"], threshold=4)
        make.gateway("email")
        session.commit()
        return member.id


@pytest.fixture
def load(console, aurora, tmp_path):
    """Writes these lines to a file and imports it."""

    def load(*lines: str, options: tuple[str, ...] = (), encoding: str = "utf-8"):
        path: Path = tmp_path / "purchases.csv"
        path.write_text("\n".join(lines) + "\n", encoding=encoding)
        return console("purchases", "import", str(path), "--tenant", "aurora", "--json", *options)

    return load


def counted(database, tenant_id, model) -> int:
    with database.session(tenant_id) as session:
        return session.scalar(select(func.count()).select_from(model))


def test_a_purchase_of_a_file_counts(load, database, tenant_id, member_id):
    said = load(HEADER, GOOD)

    assert said.json == {"rows": 1, "created": 1, "updated": 0, "unchanged": 0, "refused": [], "warnings": []}
    with database.session(tenant_id) as session:
        assert session.scalar(select(Balance.available)) == 4
        assert session.scalar(select(PurchaseItem.name)) == "Melange"


def test_nobody_hears_about_what_a_file_unlocks(load, database, tenant_id, member_id):
    load(HEADER, GOOD)

    with database.session(tenant_id) as session:
        assert session.execute(select(Message.state, Message.reason)).all() == [("skipped", "expired")]


def test_the_same_file_twice_changes_nothing(load, database, tenant_id, member_id):
    load(HEADER, GOOD)

    said = load(HEADER, GOOD)

    assert (said.json["created"], said.json["unchanged"]) == (0, 1)
    assert counted(database, tenant_id, Purchase) == 1


def test_neighbouring_rows_are_one_purchase(load, database, tenant_id):
    said = load(HEADER, "r1,,9.00,2026-03-04T14:05:00+01:00,Melange,4.50", "r1,,,,Torte,4.50")

    assert (said.json["rows"], said.json["created"]) == (2, 1)
    assert counted(database, tenant_id, PurchaseItem) == 2


def test_bad_rows_are_told_and_the_others_saved(load, database, tenant_id, member_id):
    said = load(
        HEADER,
        "r0,card-7,much,2026-03-04T14:05:00+01:00,,",
        "r2,card-9,4.50,2026-03-04T14:05:00+01:00,,",
        "r3,card-7,4.50,2099-01-01T00:00:00Z,,",
        "r4,card-7,4.50,2026-03-04T14:05:00+01:00,,,,",
        GOOD,
    )

    assert said.code == 0
    assert [(each["line"], each["column"]) for each in said.json["refused"]] == [
        (2, "amount"),
        (3, "member_card"),
        (4, "occurred_at"),
        (5, ""),
    ]
    assert all(each["reason"] for each in said.json["refused"])
    assert counted(database, tenant_id, Purchase) == 1


def test_one_number_with_other_content_is_refused(load, database, tenant_id, member_id):
    load(HEADER, GOOD)

    said = load(HEADER, GOOD.replace("4.50", "5.50"))

    assert [(each["line"], each["column"]) for each in said.json["refused"]] == [(2, "external_id")]
    assert counted(database, tenant_id, Purchase) == 1


def test_a_rehearsal_saves_nothing(load, database, tenant_id, member_id):
    said = load(HEADER, GOOD, options=("--dry-run",))

    assert said.json["created"] == 1
    assert counted(database, tenant_id, Purchase) == 0


def test_other_headers_encodings_and_dates_are_told_by_options(load, database, tenant_id):
    mapped = ("Bon=external_id", "Summe=amount", "Zeit=occurred_at", "Filiale=location")
    options = [word for each in mapped for word in ("--map", each)]

    said = load(
        "Bon;Summe;Zeit;Filiale;Kassier",
        "r1;4,50;04.03.2026 14:05;main;Jörg",
        options=(*options, "--encoding", "latin-1", "--dates", "dmy"),
        encoding="latin-1",
    )

    assert (said.json["created"], said.json["refused"]) == (1, [])
    assert said.json["warnings"] == ["The column Kassier is not used."]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_a_text_in_any_dress_is_read(load, database, tenant_id, member_id, encoding, delimiter):
    lines = [HEADER, GOOD.replace("Melange", "Großer Brauner"), "r2,,not much,2026-03-04,,"]

    said = load(*(line.replace(",", delimiter) for line in lines), encoding=encoding)

    assert (said.json["created"], [each["line"] for each in said.json["refused"]]) == (1, [3])
    with database.session(tenant_id) as session:
        assert session.scalar(select(PurchaseItem.name)) == "Großer Brauner"


def test_a_workbook_is_read(console, aurora, tmp_path, database, tenant_id):
    book = openpyxl.Workbook()
    book.active.append(["external_id", "amount", "occurred_at"])
    book.active.append(["r1", 4.5, datetime(2026, 3, 4, 14, 5)])
    book.save(tmp_path / "receipts.xlsx")

    said = console("purchases", "import", str(tmp_path / "receipts.xlsx"), "--tenant", "aurora", "--json")

    assert (said.json["created"], said.json["refused"]) == (1, [])
    with database.session(tenant_id) as session:
        bought = session.execute(select(Purchase.amount_minor, Purchase.occurred_at)).one()
    assert bought == (450, datetime(2026, 3, 4, 13, 5, tzinfo=UTC))


def test_a_date_order_that_the_file_tells_need_not_be_named(load, database, tenant_id):
    said = load("external_id,amount,occurred_at", "r1,4.50,04.03.2026", "r2,4.50,28.02.2026 08:00")

    assert (said.json["created"], said.json["refused"]) == (2, [])


def test_monstrous_lines_are_told_and_the_others_saved(load, database, tenant_id):
    said = load(
        "external_id,amount,occurred_at,location",
        "r1,4.50,2026-03-04,",
        f"r2,4.50,2026-03-04,{'x' * 10_000_000}",
        "r3,4.50,2026-03-04,a\0b",
        "r4,4.50",
        'r5,4.50,2026-03-04,"never closed',
        "r6,4.50,31.02.2026,",
        "r7,4.50,2026-03-04,",
    )

    assert said.json["created"] == 2
    assert [(each["line"], each["column"]) for each in said.json["refused"]] == [
        (3, ""),
        (4, ""),
        (5, ""),
        (6, ""),
        (7, "occurred_at"),
    ]


def test_what_an_import_did_is_written_down(load, database, tenant_id, member_id):
    load(HEADER, GOOD, "r2,,much,2026-03-04,,")

    with database.session(tenant_id) as session:
        done = session.scalar(select(Import))
        assert (done.kind, done.state, done.figures) == ("purchases", "done", {"rows": 2, "created": 1, "refused": 1})
        assert session.scalar(select(AuditEntry.action).order_by(AuditEntry.id.desc())) == "purchases.imported"


@pytest.mark.parametrize("header", ["external_id,amount", "external_id,amount,amount,occurred_at", ""])
def test_a_bad_file_is_refused_whole(load, database, tenant_id, header):
    said = load(header, "r1,4.50,2026-03-04")

    assert (said.code, said.out) == (1, "")
    assert said.err
    assert counted(database, tenant_id, Purchase) == 0
