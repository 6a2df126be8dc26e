"""The door, in a real browser."""

import pytest
from axe_playwright_python.sync_playwright import Axe

PHONE = {"width": 390, "height": 844}


@pytest.fixture
def page(page):
    """A browser page that fails the test when a script breaks or the content policy stops something."""
    complaints = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if "Content Security Policy" in said.text else None)
    yield page
    assert complaints == []


def type_in(page, site, cafe, password=None):
    page.goto(f"{site}/sign-in")
    page.keyboard.type(cafe.email)
    page.keyboard.press("Tab")
    page.keyboard.type(password or cafe.password)
    page.keyboard.press("Enter")


def test_one_signs_in_with_the_keyboard_alone(page, site, cafe):
    type_in(page, site, cafe)

    page.wait_for_url(f"{site}/cafes/aurora/")


def test_a_wrong_password_is_told_and_the_address_stays(page, site, cafe):
    type_in(page, site, cafe, "not the password")

    page.get_by_text("do not belong together").wait_for()
    assert page.get_by_label("E-mail").input_value() == cafe.email
    assert page.get_by_label("Password").input_value() == ""


def test_signing_in_needs_no_script(browser, site, cafe):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    type_in(page, site, cafe)
    page.wait_for_url(f"{site}/cafes/aurora/")
    context.close()


@pytest.mark.parametrize("path", ["/sign-in", "/nowhere"])
@pytest.mark.parametrize("size", [{"width": 1440, "height": 900}, PHONE], ids=["desk", "phone"])
def test_everybody_can_use_the_pages_in_front_of_the_door(page, site, path, size):
    page.set_viewport_size(size)
    page.goto(site + path)

    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("size", [{"width": 1440, "height": 900}, PHONE], ids=["desk", "phone"])
def test_everybody_can_use_the_pages_behind_the_door(page, site, cafe, size):
    type_in(page, site, cafe)
    page.wait_for_url(f"{site}/cafes/aurora/")
    page.set_viewport_size(size)
    page.goto(f"{site}/password")

    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_no_page_is_wider_than_a_phone(page, site, cafe):
    page.set_viewport_size(PHONE)
    type_in(page, site, cafe)
    page.wait_for_url(f"{site}/cafes/aurora/")

    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_menu_leads_on_and_says_where_one_is(page, site, cafe):
    type_in(page, site, cafe)
    menu = page.get_by_role("navigation", name="Main").first
    menu.get_by_role("link", name="Members").click()

    assert menu.get_by_role("link", name="Members").get_attribute("aria-current") == "page"
    page.get_by_text(cafe.email).click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(f"{site}/sign-in")
