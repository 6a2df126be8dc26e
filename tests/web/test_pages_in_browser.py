"""The pages behind the door, in a real browser: usable for everybody, on a desk and on a phone."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.web.test_pages import PAGES

DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}


@pytest.fixture
def complaints(page):
    """What scripts and the content policy complained about."""
    said = []
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("console", lambda line: said.append(line.text) if "Content Security Policy" in line.text else None)
    return said


@pytest.fixture
def visit(page, site, lively, complaints):
    """Goes to a page of the café full of life, signed in as its owner."""
    page.goto(f"{site}/sign-in")
    page.get_by_label("E-mail").fill(lively.email)
    page.get_by_label("Password").fill(lively.password)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{site}/cafes/aurora/")
    return lambda path: page.goto(f"{site}/cafes/aurora{path}")


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_everybody_can_use_every_page(page, visit, complaints, size):
    page.set_viewport_size(size)
    for path in PAGES:
        visit(path)
        found = Axe().run(page)
        assert found.violations_count == 0, f"{path}\n{found.generate_report()}"
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    assert complaints == []


def test_the_preview_follows_what_is_typed(page, visit, complaints):
    visit("/rewards/1")
    page.get_by_label("SMS text").fill("Hello {{ member.first_name }}, coffee is on us.")
    page.locator(".rg-bubble", has_text="coffee is on us.").wait_for()
    page.get_by_label("E-mail text").fill("Coffee is on us.\n\nCome by.")
    page.frame_locator("#email-frame").get_by_text("Coffee is on us.").wait_for()

    assert complaints == []


def test_a_placeholder_nobody_knows_is_told_while_typing(page, visit):
    visit("/rewards/1")
    page.get_by_label("SMS text").fill("Hello {{ member.frist_name }}")

    page.locator("#preview").get_by_text("member.first_name").wait_for()


def test_previews_leave_no_trace_in_the_browser_s_history(page, visit):
    visit("/rewards/")
    page.get_by_role("link", name="Free cappuccino").click()
    for words in ("One.", "Two.", "Three."):
        page.get_by_label("E-mail text").fill(words)
        page.frame_locator("#email-frame").get_by_text(words).wait_for()
    page.go_back()

    page.wait_for_url("**/rewards/")


def test_what_the_guest_gets_changes_the_words_nobody_touched(page, visit):
    visit("/rewards/new")
    page.get_by_text("a percentage off").click()

    assert "off your entire purchase" in page.get_by_label("SMS text").input_value()


def test_the_list_of_members_narrows_while_typing(page, visit):
    visit("/members/")
    page.get_by_label("Search members").fill("AUR-00007")
    page.wait_for_url("**/members/?q=AUR-00007")

    assert page.locator("tbody tr").count() == 1
    page.get_by_label("Search members").fill("nobody is called that")
    page.get_by_role("heading", name="Nobody found").wait_for()


def test_messages_are_narrowed_by_channel_and_by_how_it_went(page, visit):
    visit("/messages/")
    page.get_by_label("Channel").select_option("email")
    page.wait_for_url("**channel=email**")
    page.get_by_role("link", name="Held back").click()
    page.wait_for_url("**state=skipped**")

    assert set(page.locator("td.rg-by").all_inner_texts()) == {"E-mail"}
    assert all("Held back" in each for each in page.locator("td.rg-how").all_inner_texts())


def test_a_message_tells_its_way_and_what_would_change_a_no(page, visit):
    visit("/messages/?state=skipped")
    page.locator("td.rg-why a").first.click()

    page.get_by_text("It was held back").wait_for()
    assert page.get_by_role("heading", name="Its way").is_visible()
