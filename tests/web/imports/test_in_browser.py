"""The whole way of a file, in a real browser."""

import threading
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from sqlalchemy import select

from models.database import db
from models.imports import Import
from models.member import Member
from tasks import imports
from tests.waiting import until

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1440, "height": 900}
GUESTS = """Kundennr.;Vorname;Nachname;E-Mail;Mobil;Geburtstag;Newsletter;Lieblingskaffee
1;Nora;Novak;nora@example.com;0664 1234567;04.03.1990;;Melange
2;Jörg;Huber;joerg@example;0664 1234568;05.06.1985;nein;Verlängerter
3;Lea;Wagner;lea@example.com;;07.08.1979;;
"""


@pytest.fixture
def page(page):
    """A browser page that fails the test when a script breaks or the content policy stops something."""
    complaints = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if "Content Security Policy" in said.text else None)
    yield page
    assert complaints == []


@pytest.fixture
def guests(tmp_path) -> Path:
    """A file as a German Excel saves it."""
    path = tmp_path / "Gästeliste.csv"
    path.write_bytes(GUESTS.encode("cp1252"))
    return path


@pytest.fixture
def worker(app, cafe, database):
    """Works on whatever waits, until the test ends."""
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(0.2):
            with app.app_context():
                with database.session(cafe.id) as session:
                    waiting = list(session.scalars(select(Import.id).where(Import.state == "waiting")))
                for import_id in waiting:
                    imports.work(cafe.id, import_id)
                db.session.remove()

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    yield
    ended.set()
    thread.join()


def come_in(page, site, cafe):
    page.goto(f"{site}/sign-in")
    page.get_by_label("E-mail").fill(cafe.email)
    page.get_by_label("Password").fill(cafe.password)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{site}/cafes/aurora/")


def everybody_can_use(page):
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_from_the_file_to_the_guests_and_back(page, site, cafe, guests, worker, size, database):
    page.set_viewport_size(size)
    come_in(page, site, cafe)
    page.goto(f"{site}/cafes/aurora/members/")
    page.locator("header").get_by_role("link", name="Import").click()
    everybody_can_use(page)

    page.get_by_label("CSV or Excel").set_input_files(guests)
    page.get_by_role("button", name="Look at the file").click()
    page.get_by_text("Is this written as it should be?").wait_for()
    page.get_by_label("Days are written as").select_option("dmy")
    page.get_by_text("born 4 March 1990").wait_for()
    page.get_by_label("Lieblingskaffee").select_option(label="Keep as a field of my own")
    page.get_by_text("Lieblingskaffee: Melange").wait_for()
    everybody_can_use(page)

    page.get_by_role("button", name="Try it out").click()
    page.get_by_role("button", name="Import now").wait_for()
    page.get_by_text("This is not an e-mail address").wait_for()
    everybody_can_use(page)

    page.get_by_role("button", name="Import now").click()
    page.get_by_text("were added").wait_for()
    everybody_can_use(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="Rows left out, as a file").click()
    assert "joerg@example" in Path(download.value.path()).read_text()

    page.get_by_role("button", name="Take it back").click()
    page.get_by_text("Forgotten again").wait_for()
    everybody_can_use(page)


def test_all_of_it_works_without_script(browser, site, cafe, guests, worker, database):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    come_in(page, site, cafe)
    page.goto(f"{site}/cafes/aurora/imports/")
    page.get_by_label("CSV or Excel").set_input_files(guests)
    page.get_by_role("button", name="Look at the file").click()
    page.get_by_label("Days are written as").select_option("dmy")
    page.get_by_role("button", name="Look again").click()
    page.get_by_text("born 4 March 1990").wait_for()
    page.get_by_role("button", name="Try it out").click()
    until(lambda: page.reload() and page.get_by_role("button", name="Import now").count(), what="the trial run")
    page.get_by_role("button", name="Import now").click()
    until(lambda: page.reload() and page.get_by_text("were added").count(), what="the import")
    context.close()

    with database.session(cafe.id) as session:
        assert sorted(session.scalars(select(Member.external_id))) == ["1", "3"]
