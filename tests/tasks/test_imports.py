"""Files that come in: rehearsed, loaded, taken over, taken back."""

from datetime import timedelta
from unittest.mock import Mock

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from domain import clock
from domain.audience import consent, tag_holders
from domain.audience.imports import records, undoing
from domain.audience.imports.records import Hold
from domain.errors import Conflict
from models.audit import AuditEntry
from models.consent import ConsentState
from models.imports import Import, ImportChange, ImportPart, ImportRemark
from models.member import Member
from tasks import due, imports, loading, open_imports, queues, schedule, shutdown

HEADER = "external_id;first_name;email;tags;consent_email_rewards;consent_source;consent_at"
NORA = "m1;Nora;nora@example.com;VIP;yes;form;2025-01-01"
BAD = "m2;Lea;nobody;;;;"


@pytest.fixture
def redis(app):
    with app.app_context():
        return queues.connection()


@pytest.fixture
def upload(cafe, now):
    """Keeps a file of these lines; what it takes is asked for as its page does."""

    def upload(*lines: str, task: str | None = "rehearse", mapping: dict[str, str] | None = None) -> int:
        content = "\n".join((HEADER, *lines)).encode()
        row = records.keep(cafe.session, records.MEMBERS, "guests.csv", content, user_id=None, now=now)
        row.options = {"mapping": mapping or {}}
        import_id = row.id
        cafe.session.commit()
        if task:
            ask(cafe, import_id, task)
        return import_id

    return upload


@pytest.fixture(autouse=True)
def closed(cafe):
    yield
    open_imports.close_all()


def ask(cafe, import_id: int, task: str) -> None:
    expected = {"rehearse": ["uploaded", "rehearsed"], "load": ["uploaded", "rehearsed"], "undo": ["done"]}[task]
    records.ask_for(cafe.session, records.get(cafe.session, import_id), task, expected=expected)
    cafe.session.commit()
    imports.work(cafe.id, import_id)
    cafe.session.rollback()


def stands(cafe, import_id: int) -> Import:
    cafe.session.rollback()
    return records.get(cafe.session, import_id)


def members(cafe) -> dict[str, str | None]:
    cafe.session.rollback()
    living = select(Member.external_id, Member.first_name).where(Member.erased_at.is_(None)).order_by(Member.id)
    return dict(cafe.session.execute(living).all())


def number_of(cafe, model) -> int:
    return cafe.session.scalar(select(func.count()).select_from(model))


def test_a_rehearsal_tells_what_would_come_of_it_and_changes_nothing(cafe, upload):
    row = stands(cafe, upload(NORA, BAD))

    assert (row.state, row.rows_total, row.rows_read) == ("rehearsed", 2, 2)
    assert row.figures == {"rows": 2, "created": 1, "refused": 1}
    assert members(cafe) == {}
    [remark] = records.remarks(cafe.session, row.id, after_id=None, limit=10)
    assert (remark.line, remark.field, remark.is_refusal, remark.row[0]) == (3, "email", True, "m2")


def test_a_load_after_it_saves_the_good_rows_and_tells_the_others_once(cafe, upload):
    import_id = upload(NORA, BAD)

    ask(cafe, import_id, "load")

    row = stands(cafe, import_id)
    assert (row.state, row.figures["created"], row.figures["refused"]) == ("done", 1, 1)
    assert members(cafe) == {"m1": "Nora"}
    assert number_of(cafe, ImportRemark) == 1
    assert cafe.session.scalar(select(AuditEntry.action)) == "members.imported"


def test_a_file_that_cannot_be_read_is_refused_with_the_reason(cafe, upload):
    row = stands(cafe, upload(NORA, mapping={"tags": "email"}))

    assert row.state == "refused"
    assert row.problem["values"]["field"] == "email"


def test_the_tick_asks_for_what_waits_and_for_what_was_left_behind(cafe, upload, redis):
    import_id = upload(NORA, task=None)
    records.ask_for(cafe.session, records.get(cafe.session, import_id), "load", expected=["uploaded"])
    cafe.session.commit()

    schedule.tick()

    assert [(job.func_name, job.args) for job in queues.queue("compute").jobs] == [
        ("tasks.imports.work", [cafe.id, import_id])
    ]


def test_what_is_due_here_and_now_includes_imports(cafe, upload, now):
    import_id = upload(NORA, task=None)
    records.ask_for(cafe.session, records.get(cafe.session, import_id), "load", expected=["uploaded"])
    cafe.session.commit()

    due.run_due(now)

    assert members(cafe) == {"m1": "Nora"}


def test_nobody_takes_an_import_that_somebody_works_on(cafe, upload, now):
    import_id = upload(NORA, task=None)
    records.ask_for(cafe.session, records.get(cafe.session, import_id), "load", expected=["uploaded"])
    records.claim(cafe.session, import_id, owner="first", now=now)
    cafe.session.commit()

    imports.work(cafe.id, import_id)

    assert members(cafe) == {}
    assert stands(cafe, import_id).claimed_by == "first"


def test_who_lost_the_import_writes_nothing_more(cafe, upload, now):
    import_id = upload(NORA, task=None)

    with pytest.raises(records.Lost):
        records.hold(cafe.session, Hold(import_id, "somebody else"), {"rows_done": 7})


def test_a_worker_that_is_told_to_end_gives_the_import_back(cafe, upload, monkeypatch):
    import_id = upload(NORA)
    monkeypatch.setattr(shutdown, "is_asked_for", lambda: True)
    ask(cafe, import_id, "load")
    assert (stands(cafe, import_id).state, members(cafe)) == ("waiting", {})

    monkeypatch.undo()
    imports.work(cafe.id, import_id)

    assert (stands(cafe, import_id).state, members(cafe)) == ("done", {"m1": "Nora"})


def test_who_takes_over_goes_on_behind_the_last_slice_and_counts_nothing_twice(cafe, upload, monkeypatch):
    monkeypatch.setattr("domain.audience.imports.guests.SLICE", 10)
    import_id = upload(*(f"m{number};G{number};;;;;" for number in range(35)))
    slices = iter([False] * 3 + [True])
    monkeypatch.setattr(shutdown, "is_asked_for", lambda: next(slices, False))
    ask(cafe, import_id, "load")
    assert 0 < stands(cafe, import_id).rows_done < 35

    imports.work(cafe.id, import_id)

    row = stands(cafe, import_id)
    assert (row.state, row.rows_done) == ("done", 35)
    assert row.figures == {"rows": 35, "created": 35}
    assert len(members(cafe)) == 35


def test_a_long_import_goes_to_the_back_of_the_line_and_on_where_it_was(cafe, upload, redis, monkeypatch):
    monkeypatch.setattr("domain.audience.imports.guests.SLICE", 10)
    monkeypatch.setattr(imports, "STEPS", 2)
    import_id = upload(*(f"m{number};G{number};;;;;" for number in range(45)))
    read = Mock(side_effect=imports.opened)
    monkeypatch.setattr(imports, "opened", read)

    ask(cafe, import_id, "load")
    row = stands(cafe, import_id)
    assert (row.state, row.rows_done, row.tries) == ("waiting", 10, 0)
    assert [job.args for job in queues.queue("compute").jobs] == [[cafe.id, import_id]]

    while stands(cafe, import_id).state == "waiting":
        imports.work(cafe.id, import_id)

    row = stands(cafe, import_id)
    assert (row.state, row.figures) == ("done", {"rows": 45, "created": 45})
    assert len(members(cafe)) == 45
    assert read.call_count == 1


def test_two_workers_take_turns_and_neither_loses_or_doubles_a_row(cafe, upload, monkeypatch):
    monkeypatch.setattr("domain.audience.imports.guests.SLICE", 10)
    monkeypatch.setattr(imports, "STEPS", 2)
    import_id = upload(*(f"m{number};G{number};;;;;" for number in range(45)))
    ask(cafe, import_id, "load")
    others = open_imports._kept.copy()
    open_imports._kept.clear()

    imports.work(cafe.id, import_id)
    open_imports._kept.update(others)
    while stands(cafe, import_id).state == "waiting":
        imports.work(cafe.id, import_id)

    assert stands(cafe, import_id).figures == {"rows": 45, "created": 45}
    assert len(members(cafe)) == 45


def test_what_was_kept_open_is_not_used_for_a_file_that_is_read_otherwise_now(cafe, upload, monkeypatch, now):
    monkeypatch.setattr("domain.audience.imports.guests.SLICE", 10)
    monkeypatch.setattr(imports, "STEPS", 2)
    import_id = upload(*(f"m{number};G{number};;;;;" for number in range(15)))
    ask(cafe, import_id, "load")
    row = stands(cafe, import_id)
    row.state, row.options = "uploaded", {"mapping": {"first_name": "last_name"}}
    cafe.session.commit()

    with clock.set_to(now + timedelta(minutes=1)):
        ask(cafe, import_id, "load")
        while stands(cafe, import_id).state == "waiting":
            imports.work(cafe.id, import_id)

    assert cafe.session.scalar(select(Member.last_name).where(Member.external_id == "m14")) == "G14"


def test_an_import_that_breaks_again_and_again_is_given_up(cafe, upload, monkeypatch):
    import_id = upload(NORA)
    monkeypatch.setattr(imports, "MOST_TRIES", 0)

    ask(cafe, import_id, "load")

    assert stands(cafe, import_id).state == "refused"
    assert stands(cafe, import_id).problem["words"]


def test_a_defect_of_ours_ends_the_import_and_is_told(cafe, upload, monkeypatch):
    import_id = upload(NORA)

    def broken(*_args, **_options):
        raise RuntimeError("a defect")

    monkeypatch.setattr(loading.Load, "merge", broken)
    ask(cafe, import_id, "load")

    assert (stands(cafe, import_id).state, members(cafe)) == ("refused", {})


def test_a_database_that_went_away_ends_no_import(cafe, upload, monkeypatch):
    monkeypatch.setattr("domain.audience.imports.guests.SLICE", 10)
    monkeypatch.setattr(imports, "STEPS", 2)
    import_id = upload(*(f"m{number};G{number};;;;;" for number in range(45)))
    ask(cafe, import_id, "load")
    [kept] = open_imports._kept.values()
    kept.load.session.connection().connection.driver_connection.close()

    with pytest.raises(DBAPIError):
        imports.work(cafe.id, import_id)
    assert stands(cafe, import_id).state == "running"
    cafe.session.execute(text("UPDATE imports SET lease_until = now() - interval '1 second'"))
    cafe.session.commit()
    while stands(cafe, import_id).state in ("running", "waiting"):
        imports.work(cafe.id, import_id)

    assert stands(cafe, import_id).figures == {"rows": 45, "created": 45}


def test_two_people_cannot_ask_for_the_same_import(cafe, upload):
    import_id = upload(NORA)
    records.ask_for(cafe.session, records.get(cafe.session, import_id), "load", expected=["rehearsed"])

    with pytest.raises(Conflict):
        records.ask_for(cafe.session, records.get(cafe.session, import_id), "load", expected=["rehearsed"])


def test_undone_it_leaves_the_members_as_they_were(cafe, upload):
    old = cafe.make.member(external_id="m1", first_name="Old", email="old@example.com")
    old_id = old.id
    cafe.session.commit()
    import_id = upload(NORA, "m3;Max;max@example.com;;;;", task="load")
    assert members(cafe) == {"m1": "Nora", "m3": "Max"}

    ask(cafe, import_id, "undo")

    row = stands(cafe, import_id)
    assert (row.state, row.figures["put_back"], row.figures["removed"]) == ("undone", 1, 1)
    assert members(cafe) == {"m1": "Old"}
    assert cafe.session.get_one(Member, (cafe.id, old_id)).email == "old@example.com"
    assert consent.of_member(cafe.session, old_id) == {"email": {"rewards": False}}
    assert tag_holders.of_member(cafe.session, old_id) == []
    assert number_of(cafe, ImportChange) == 0
    assert "import.undone" in cafe.session.scalars(select(AuditEntry.action)).all()


def test_who_bought_something_since_is_kept_and_told(cafe, upload):
    import_id = upload(NORA, "m3;Max;max@example.com;;;;", task="load")
    cafe.make.purchase(cafe.session.scalar(select(Member).where(Member.external_id == "m3")))
    cafe.session.commit()

    ask(cafe, import_id, "undo")

    assert members(cafe) == {"m3": "Max"}
    assert [each.external_id for each in undoing.kept(cafe.session, import_id, after_id=None, limit=9)] == ["m3"]


def test_what_was_changed_again_since_stays(cafe, upload):
    cafe.make.member(external_id="m1", first_name="Old", email="old@example.com")
    cafe.session.commit()
    import_id = upload(NORA, task="load")
    cafe.session.scalar(select(Member)).first_name = "Newest"
    cafe.session.commit()

    ask(cafe, import_id, "undo")

    assert members(cafe) == {"m1": "Newest"}
    assert cafe.session.scalar(select(Member.email)) == "old@example.com"
    assert stands(cafe, import_id).figures["kept"] == 1


def test_an_address_that_somebody_took_meanwhile_is_not_taken_back(cafe, upload):
    cafe.make.member(external_id="m1", first_name="Old", email="old@example.com")
    cafe.session.commit()
    import_id = upload(NORA, task="load")
    cafe.make.member(email="old@example.com")
    cafe.session.commit()

    ask(cafe, import_id, "undo")

    assert stands(cafe, import_id).figures["kept"] == 1
    assert cafe.session.scalar(select(Member.email).where(Member.external_id == "m1")) == "nora@example.com"


def test_what_a_member_said_since_is_not_taken_back(cafe, upload, now):
    cafe.make.member(external_id="m1")
    cafe.session.commit()
    import_id = upload("m1;;;;yes;form;2025-01-01", task="load")
    member_id = cafe.session.scalar(select(Member.id))
    with clock.set_to(now + timedelta(hours=1)):
        proof = consent.Proof("join page", now + timedelta(hours=1))
        consent.record(
            cafe.session, member_id, [consent.Answer("email", "rewards", granted=True)], proof, now=clock.now()
        )
        cafe.session.commit()
        ask(cafe, import_id, "undo")

    assert cafe.session.scalar(select(ConsentState.granted)) is True


def test_after_a_day_the_file_and_what_it_changed_are_gone(cafe, upload, now):
    cafe.make.member(external_id="m1")
    cafe.session.commit()
    import_id, never = upload(NORA, BAD, task="load"), upload(NORA)
    with clock.set_to(now + timedelta(hours=25)):
        for due_import in (import_id, never):
            imports.work(cafe.id, due_import)

    assert (number_of(cafe, ImportPart), number_of(cafe, ImportChange)) == (0, 0)
    assert cafe.session.scalars(select(ImportRemark.row)).all() == [None]
    assert cafe.session.scalars(select(Import.id)).all() == [import_id]


def test_without_its_file_an_import_ends_and_says_so(cafe, upload):
    import_id = upload(NORA)
    cafe.session.execute(text("DELETE FROM import_parts"))
    cafe.session.commit()

    ask(cafe, import_id, "load")

    assert (stands(cafe, import_id).state, bool(stands(cafe, import_id).problem)) == ("done", True)
