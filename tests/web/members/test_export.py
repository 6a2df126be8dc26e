from datetime import timedelta

import pytest
from sqlalchemy import event, select

from domain import clock
from models.audit import AuditEntry
from models.consent import ConsentState
from models.database import db
from models.member import Member
from models.user import Membership
from tests.factories import Make
from tests.web.conftest import form_token, sign_in

PAGE = "/cafes/aurora/members/"


def ask(client, **fields: str):
    return client.post(f"{PAGE}members.csv", data={"csrf_token": form_token(client, PAGE), **fields})


@pytest.fixture
def guests(database, cafe):
    with database.session(cafe.id) as session:
        make = Make(session)
        make.member(
            external_id="m1", first_name="=cmd", last_name="Novak", phone="+436641234567", phone_country="AT",
            phone_takes_texts=True, email="nora@example.com", attributes={"milk": "oat"}, consents=["email"],
        )  # fmt: skip
        make.member(external_id="m2", first_name="Lea", last_name="Wagner", phone=None, email=None, card=None)
        make.member(external_id="m3", erased_at=clock.now())
        session.commit()


def test_all_members_go_out_and_nothing_in_them_is_a_formula(owner, guests):
    answer = ask(owner)

    lines = answer.get_data(as_text=True).splitlines()
    assert answer.mimetype == "text/csv"
    assert lines[0].startswith('\ufeff"external_id","card","phone","email","first_name"')
    assert '"tags","consent_email_rewards","attributes.milk"' in lines[0]
    assert '"\'+436641234567"' in lines[1] and '"\'=cmd"' in lines[1] and lines[1].endswith('"yes","oat"')
    assert [line.split(",")[0] for line in lines[1:]] == ['"m1"', '"m2"']


def test_of_a_search_only_who_is_found(owner, guests):
    lines = ask(owner, q="wagner").get_data(as_text=True).splitlines()

    assert [line.split(",")[0] for line in lines[1:]] == ['"m2"']


def test_what_goes_out_comes_in_again_and_changes_nothing(owner, guests, console, tmp_path, cafe, database):
    path = tmp_path / "members.csv"
    path.write_bytes(ask(owner).get_data())

    said = console("members", "import", str(path), "--tenant", "aurora", "--json").json

    assert (said["rows"], said["unchanged"], said["refused"], said["warnings"]) == (2, 2, [], [])
    with database.session(cafe.id) as session:
        assert session.scalar(select(Member.first_name).where(Member.external_id == "m1")) == "=cmd"
        assert session.scalar(select(ConsentState.granted)) is True


def test_an_export_is_written_down(owner, guests, cafe, database):
    ask(owner, q="nora")

    with database.session(cafe.id) as session:
        entry = session.scalar(select(AuditEntry).order_by(AuditEntry.id.desc()))
    assert (entry.action, entry.details) == ("members.exported", {"searched": True})


def test_an_export_asks_for_the_password_again(owner, guests):
    with clock.set_to(clock.now() + timedelta(minutes=20)):
        answer = ask(owner)

    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/sign-in/again")


def test_managers_may_not_export(app, client, cafe, guests):
    from domain.accounts import users

    with app.app_context():
        user = users.create(db.session, email="m@example.com", password="a long walk by the Danube")
        db.session.add(Membership(tenant_id=cafe.id, user_id=user.id, role="manager"))
        db.session.commit()
    sign_in(client, "m@example.com", "a long walk by the Danube")

    assert client.post(f"{PAGE}members.csv", data={"csrf_token": form_token(client, PAGE)}).status_code == 403
    assert "members.csv" not in client.get(PAGE).get_data(as_text=True)


def test_an_export_asks_as_often_however_many_members_a_batch_has(app, owner, database, cafe):
    def questions() -> int:
        asked = []
        listener = lambda *_args: asked.append(1)  # noqa: E731
        with app.app_context():
            event.listen(db.engine, "before_cursor_execute", listener)
            ask(owner).get_data()
            event.remove(db.engine, "before_cursor_execute", listener)
        return len(asked)

    def add(count: int) -> None:
        with database.session(cafe.id) as session:
            make = Make(session)
            for _ in range(count):
                make.member(consents=["email"])
            session.commit()

    add(1)
    few = questions()
    add(20)
    assert questions() == few
