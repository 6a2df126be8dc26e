import re
from datetime import timedelta

import pytest
from sqlalchemy import event, func, select

from domain import clock
from models.audit import AuditEntry
from models.database import db
from models.imports import Import
from models.member import Member
from models.summary import MemberSummary
from models.user import Membership
from tests.factories import Make
from tests.web.conftest import form_token, sign_in
from tests.web.imports.conftest import GUESTS, PAGE, fields


def text(response) -> str:
    return response.get_data(as_text=True)


def at(response) -> str:
    """Where an upload leads to."""
    assert response.status_code == 303, text(response)
    return response.headers["Location"]


def number(path: str) -> int:
    return int(re.search(r"/imports/(\d+)", path)[1])


@pytest.fixture
def one(database, cafe):
    """One value of the café's."""

    def asked(statement):
        with database.session(cafe.id) as session:
            return session.scalar(statement)

    return asked


@pytest.fixture
def rehearsed(upload, post, owner, work):
    """Uploads a file, agrees to what is guessed, and lets the worker try it out: the import's address."""

    def done(content=GUESTS, **changes: str) -> str:
        path = at(upload(content))
        at(post(f"{path}/columns", **{**fields(text(owner.get(path))), **changes}))
        work(number(path))
        return path

    return done


def test_a_file_is_uploaded_looked_at_tried_out_and_imported(upload, post, owner, work, one):
    path = at(upload())
    page = text(owner.get(path))
    assert fields(page) == {
        "delimiter": ";",
        "field-0": "external_id",
        "field-1": "first_name",
        "field-2": "last_name",
        "field-3": "email",
        "field-4": "phone",
        "field-5": "birthday",
        "columns": "6",
    }
    assert "Nora Novak" in page and "+436641234567" in page and "born 31 December 1990" in page

    at(post(f"{path}/columns", **fields(page)))
    assert "next in line" in text(owner.get(path))
    work(number(path))
    page = text(owner.get(path))
    assert "would be added" in page and one(select(func.count()).select_from(Member)) == 0

    at(post(f"{path}/load"))
    work(number(path))
    assert "were added" in text(owner.get(path))
    assert one(select(Member.birthday)).isoformat() == "1990-12-31"
    assert one(select(func.count()).select_from(AuditEntry).where(AuditEntry.action.like("import%"))) == 2


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "Choose a file"),
        (b"%PDF-1.7", "neither a CSV file nor an Excel file"),
        (b"a;a\n1;2\n", "Two columns are called a"),
        (b"\n\n", "must name the columns"),
        (b"PK\x03\x04 broken", "damaged"),
        (b"x" * (20 * 1024 * 1024 + 1), "larger than 20 MB"),
    ],
    ids=["empty", "pdf", "twice", "blank", "broken", "large"],
)
def test_a_bad_file_is_refused_beside_the_field_and_nothing_is_kept(upload, one, content, words):
    answer = upload(content)

    assert answer.status_code == 422
    assert words in text(answer) and 'id="file-error"' in text(answer)
    assert one(select(func.count()).select_from(Import)) == 0


def test_a_file_beyond_all_bounds_is_refused_in_words(upload):
    answer = upload(b"x" * (22 * 1024 * 1024))

    assert answer.status_code == 413
    assert "20 MB" in text(answer)


def test_an_encoding_that_cannot_be_told_is_asked_and_shown(upload, post, owner, work, one):
    path = at(upload("Nr;Vorname\n1;Jörg\n".encode("cp1252")))
    page = text(owner.get(path))
    assert fields(page)["encoding"] == "windows-1252"
    assert "Is this written as it should be?" in page and "Jörg" in page

    assert "J÷rg" in text(post(f"{path}/columns", htmx=True, **{**fields(page), "encoding": "cp850"}))
    at(post(f"{path}/columns", **fields(page)))
    work(number(path))
    at(post(f"{path}/load"))
    work(number(path))
    assert one(select(Member.first_name)) == "Jörg"


def test_a_date_order_that_cannot_be_told_is_asked(upload, post, owner):
    path = at(upload("Nr;Geburtstag\n1;04.03.1990\n"))
    page = text(owner.get(path))
    assert fields(page)["dates"] == ""

    refused = post(f"{path}/columns", **fields(page))
    assert refused.status_code == 422
    assert 'id="dates-error"' in text(refused)
    assert "born 4 March 1990" in text(post(f"{path}/columns", htmx=True, **{**fields(page), "dates": "dmy"}))
    assert "born 3 April 1990" in text(post(f"{path}/columns", htmx=True, **{**fields(page), "dates": "mdy"}))
    at(post(f"{path}/columns", **{**fields(page), "dates": "dmy"}))


def test_two_columns_for_one_field_are_asked_and_what_was_chosen_stays(upload, post, owner):
    path = at(upload("Nr;Mail privat;Mail Arbeit\n1;a@example.com;b@example.com\n"))
    chosen = {**fields(text(owner.get(path))), "field-1": "email", "field-2": "email"}

    refused = post(f"{path}/columns", **chosen)

    assert refused.status_code == 422
    assert text(refused).count("Two columns for one field") == 2
    assert fields(text(refused)) == chosen


def test_a_file_that_names_nobody_is_asked_for_who_is_meant(upload, post, owner):
    path = at(upload("Vorname\nNora\n"))

    refused = post(f"{path}/columns", **fields(text(owner.get(path))))

    assert refused.status_code == 422
    assert "No column says who is meant" in text(refused)


def test_another_delimiter_lets_the_columns_be_guessed_anew(upload, post, owner):
    path = at(upload("Nr;Vorname,x\n1;Nora,x\n"))
    page = text(owner.get(path))

    again = text(post(f"{path}/columns", htmx=True, **{**fields(page), "delimiter": ","}))

    assert fields(again)["columns"] == "2"
    assert "Nr;Vorname" in again


def test_without_script_one_can_look_again(upload, post, owner):
    path = at(upload())
    page = text(owner.get(path))

    again = post(f"{path}/columns", look="yes", **{**fields(page), "field-4": ""})

    assert again.status_code == 200
    assert "<html" in text(again) and "+436641234567" not in text(again)


def test_rows_left_out_are_told_and_can_be_had_as_a_file(rehearsed, post, owner, work):
    path = rehearsed('Nr;Vorname;E-Mail\n1;Nora;nora@example.com\n2;"=1+1";nobody\n')
    assert "This is not an e-mail address" in text(owner.get(path))
    at(post(f"{path}/load"))
    work(number(path))

    lines = text(owner.get(f"{path}/refused.csv")).splitlines()

    assert lines[0] == '\ufeff"line","column","reason","Nr","Vorname","E-Mail"'
    assert lines[1] == '"3","E-Mail","This is not an e-mail address we can write to.","2","\'=1+1","nobody"'


def test_a_refused_row_corrected_in_its_file_can_be_imported(rehearsed, post, owner, work, one):
    path = rehearsed("Nr;E-Mail\n1;nora@example.com\n2;nobody\n")
    at(post(f"{path}/load"))
    work(number(path))

    corrected = text(owner.get(f"{path}/refused.csv")).replace("nobody", "lea@example.com")
    again = rehearsed(corrected)
    at(post(f"{again}/load"))
    work(number(again))

    assert one(select(func.count()).select_from(Member)) == 2


def test_progress_is_told_by_htmx_until_it_ends(upload, post, owner, work, database, cafe):
    path = at(upload())
    at(post(f"{path}/columns", **fields(text(owner.get(path)))))
    part = text(owner.get(path, headers={"HX-Request": "true"}))
    assert "<progress" in part and "<html" not in part

    work(number(path))

    assert owner.get(path, headers={"HX-Request": "true"}).headers["HX-Refresh"] == "true"


def test_a_file_can_be_said_anew_after_a_trial_run(rehearsed, post, owner, work):
    path = rehearsed()
    page = text(owner.get(f"{path}?change=yes"))

    at(post(f"{path}/columns", **{**fields(page), "field-4": ""}))
    work(number(path))

    assert "+436641234567" not in text(owner.get(f"{path}?change=yes"))


def test_an_import_is_taken_back_within_a_day(rehearsed, post, owner, work, one):
    path = rehearsed()
    at(post(f"{path}/load"))
    work(number(path))
    assert "Take it back" in text(owner.get(path))

    at(post(f"{path}/undo"))
    work(number(path))

    assert "Forgotten again" in text(owner.get(path))
    assert one(select(func.count()).select_from(Member).where(Member.erased_at.is_(None))) == 0


def test_taking_back_asks_for_the_password_again(rehearsed, post, owner, work, app):
    path = rehearsed()
    at(post(f"{path}/load"))
    work(number(path))
    with clock.set_to(clock.now() + timedelta(minutes=20)):
        asked = post(f"{path}/undo")

    assert asked.status_code == 303
    assert asked.headers["Location"].startswith("/sign-in/again")


def test_what_already_runs_is_not_begun_again(rehearsed, post, owner, work, one):
    path = rehearsed()
    at(post(f"{path}/load"))
    at(post(f"{path}/load"))
    work(number(path))
    at(post(f"{path}/load"))

    assert one(select(Import.state)) == "done"


def test_staff_may_not_import(app, client, cafe, database):
    from domain.accounts import users

    with app.app_context():
        user = users.create(db.session, email="s@example.com", password="a long walk by the Danube")
        db.session.add(Membership(tenant_id=cafe.id, user_id=user.id, role="staff"))
        db.session.commit()
    sign_in(client, "s@example.com", "a long walk by the Danube")

    assert client.get(PAGE).status_code == 403
    assert client.post(PAGE, data={"csrf_token": form_token(client, "/password")}).status_code == 403
    assert PAGE not in text(client.get("/cafes/aurora/members/"))


def test_another_cafes_import_is_not_there(upload, open_cafe, owner, database):
    other = open_cafe("borealis")
    with database.session(other.id) as session:
        session.add(Import(kind="members", file_name="theirs.csv"))
        session.commit()
        theirs = session.scalar(select(Import.id))

    assert owner.get(f"{PAGE}{theirs}").status_code == 404
    assert owner.get(f"{PAGE}999999").status_code == 404


def test_the_list_is_paged_and_costs_the_same_however_long_it_is(owner, database, cafe, app):
    def questions() -> int:
        asked = []
        listener = lambda *_args: asked.append(1)  # noqa: E731
        with app.app_context():
            event.listen(db.engine, "before_cursor_execute", listener)
            page = text(owner.get(PAGE))
            event.remove(db.engine, "before_cursor_execute", listener)
        assert "guests-0.csv" in page
        return len(asked)

    def add(count: int) -> None:
        with database.session(cafe.id) as session:
            session.add_all(Import(kind="members", file_name=f"guests-{i}.csv", state="done") for i in range(count))
            session.commit()

    add(1)
    few = questions()
    add(49)
    assert questions() == few
    add(5)
    assert 'rel="next"' in text(owner.get(PAGE))
    cursor = re.search(r"cursor=(\d+)", text(owner.get(PAGE)))[1]
    assert "guests-0.csv" in text(owner.get(f"{PAGE}?cursor={cursor}"))


@pytest.mark.parametrize("query", ["cursor=x", "cursor=-1", "cursor=99999999999999999999", "kept=x"])
def test_a_made_up_page_is_not_there(rehearsed, owner, query):
    assert owner.get(f"{rehearsed()}?{query}").status_code == 404


def test_who_stays_after_taking_back_is_named(rehearsed, post, owner, work, database, cafe):
    path = rehearsed()
    at(post(f"{path}/load"))
    work(number(path))
    with database.session(cafe.id) as session:
        Make(session).purchase(session.scalar(select(Member)))
        session.commit()
    at(post(f"{path}/undo"))
    work(number(path))

    assert "Nora Novak" in text(owner.get(path))


def test_monstrous_rows_are_told_and_the_others_saved(rehearsed, post, owner, work, one):
    lines = (
        "Nr;Vorname;Geburtstag",
        "1;Nora;1990-12-31",
        f"2;{'x' * 10_000_000};",
        "3;Le\0a;",
        "4;Max",
        "5;Eva;1985-01-02;more;and more",
        '6;"Jan;',
        "7;Kai;31.02.1990",
        "8;Zoe;2999-01-01",
        "9;Ida;1979-08-07",
    )
    path = rehearsed("\n".join(lines), dates="dmy")
    at(post(f"{path}/load"))
    work(number(path))

    told = [line.split(",")[:3] for line in text(owner.get(f"{path}/refused.csv")).splitlines()[1:]]
    assert [line for line, _, _ in told] == ['"3"', '"4"', '"5"', '"6"', '"7"', '"8"', '"9"']
    assert [column for _, column, _ in told][-2:] == ['"Geburtstag"', '"Geburtstag"']
    assert all(len(reason) > 10 for _, _, reason in told)
    assert one(select(func.count()).select_from(Member)) == 2


def test_an_import_of_purchases_is_shown_but_not_taken_back(console, owner, post, cafe, tmp_path, one):
    file = tmp_path / "receipts.csv"
    file.write_text("external_id,amount,occurred_at\nr1,4.50,2026-03-04\nr2,much,2026-03-04\n")
    console("purchases", "import", str(file), "--tenant", cafe.slug, "--json")
    path = f"{PAGE}{one(select(Import.id))}"

    page = text(owner.get(path))

    assert "receipts.csv" in text(owner.get(PAGE))
    assert "Amount" in page and "Take it back" not in page
    assert post(f"{path}/undo").status_code == 404


def test_who_came_or_changed_by_a_file_is_looked_at_by_segments_and_tags(rehearsed, post, work, one):
    path = rehearsed()
    assert one(select(func.count(MemberSummary.member_id))) == 0
    post(f"{path}/load")
    work(number(path))
    waiting = select(func.count(MemberSummary.member_id)).where(MemberSummary.touched_at.is_not(None))
    assert one(waiting) == one(select(func.count(Member.id))) > 0
