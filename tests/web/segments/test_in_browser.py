"""Segments in a real browser: built by mouse and by keyboard alone, live figures, usable by everybody."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.web.conftest import ask

DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
EDITOR = "/cafes/aurora/segments/new"
# At least two purchases, and either the last one within 30 days or money spent above 30.
BUILT = {
    "all": [
        {"fact": "purchases.count", "op": "gte", "value": 2},
        {
            "any": [
                {"fact": "purchases.last_at", "op": "within_days", "value": 30},
                {"fact": "purchases.sum", "op": "gt", "value": "30.00"},
            ]
        },
    ]
}


@pytest.fixture
def page(page):
    """A browser page that fails the test when a script breaks or the content policy stops something."""
    complaints = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if "Content Security Policy" in said.text else None)
    yield page
    assert complaints == []


def enter(page, site, cafe):
    page.goto(f"{site}/sign-in")
    page.keyboard.type(cafe.email)
    page.keyboard.press("Tab")
    page.keyboard.type(cafe.password)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{site}/cafes/aurora/")


def choose(page, place: str, part: str, words: str):
    page.locator(f"#{place}-{part}").select_option(label=words)


def held_back(page, url: str) -> list:
    """The browser's requests to `url`, none of which goes on before it is told to."""
    held = []

    def hold(route):
        held.append(route)

    page.route(url, hold)
    return held


def test_a_nested_rule_is_built_by_mouse(page, site, cafe, guests, definition_of):
    enter(page, site, cafe)
    page.goto(site + EDITOR)
    page.get_by_label("Name").fill("Best of the month")
    choose(page, "t-0", "fact", "Number of purchases")
    page.locator("#t-0-v0").fill("2")
    page.get_by_role("button", name="Group", exact=True).click()
    choose(page, "t-1-0", "fact", "Last purchase")
    page.locator("#t-1-0-v0").fill("30")
    page.get_by_role("button", name="Condition", exact=True).first.click()
    choose(page, "t-1-1", "fact", "Money spent")
    choose(page, "t-1-1", "op", "is more than")
    page.locator("#t-1-1-v0").fill("30")
    page.get_by_role("button", name="Save").first.click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Best of the month")
    assert definition_of("Best of the month") == BUILT


def test_a_value_typed_before_the_answer_is_there_stays(page, site, cafe):
    enter(page, site, cafe)
    page.goto(site + EDITOR)
    choose(page, "t-0", "fact", "Money spent")
    page.locator("#t-0-v0").wait_for()
    held = held_back(page, "**/part")
    with page.expect_request("**/part"):
        choose(page, "t-0", "op", "is more than")
    page.locator("#t-0-v0").fill("30")
    page.locator("#t-0-v0").evaluate("field => { field.title = 'before' }")
    held[0].continue_()

    expect(page.get_by_title("before")).to_have_count(0)
    expect(page.locator("#t-0-v0")).to_have_value("30")


class Keyboard:
    """Somebody without a mouse: moves by Tab, chooses by typing the first letters."""

    def __init__(self, page):
        self._page = page

    def go_to(self, id_or_name: str, *, back: bool = False):
        for _step in range(120):
            if id_or_name in self._here():
                return
            self._page.keyboard.press("Shift+Tab" if back else "Tab")
        raise AssertionError(f"no way to {id_or_name} with the keyboard")

    def choose(self, id: str, words: str, then: str):
        self.go_to(id)
        self._page.keyboard.type(words, delay=20)
        self._page.keyboard.press("Tab")
        self._page.locator(f"#{then}").wait_for()

    def type(self, id: str, text: str):
        self.go_to(id)
        self._page.keyboard.press("Control+a")
        self._page.keyboard.type(text)

    def press(self, name: str, *, back: bool = False):
        self.go_to(name, back=back)
        self._page.keyboard.press("Enter")

    def _here(self):
        return self._page.evaluate(
            "[document.activeElement.id, document.activeElement.value, document.activeElement.innerText]"
        )


def test_a_nested_rule_is_built_with_the_keyboard_alone(page, site, cafe, guests, definition_of):
    enter(page, site, cafe)
    page.goto(site + EDITOR)
    keys = Keyboard(page)

    keys.go_to("t-0-fact")  # where one begins: the first question
    keys.choose("t-0-fact", "Number of pur", then="t-0-v0")
    keys.type("t-0-v0", "2")
    keys.press("group t")
    page.locator("#t-1-0-fact").wait_for()
    expect(page.locator("#t-1-0-fact")).to_be_focused()
    keys.choose("t-1-0-fact", "Last purchase", then="t-1-0-v0")
    keys.type("t-1-0-v0", "30")
    keys.press("add t-1")
    expect(page.locator("#t-1-1-fact")).to_be_focused()
    keys.choose("t-1-1-fact", "Money spent", then="t-1-1-v0")
    keys.go_to("t-1-1-op", back=True)
    page.keyboard.type("is more than", delay=20)
    page.keyboard.press("Tab")
    keys.type("t-1-1-v0", "30")
    keys.go_to("name", back=True)
    page.keyboard.type("Best of the month")
    page.keyboard.press("Enter")

    page.wait_for_url("**/segments/*")
    expect(page.get_by_role("heading", level=1)).to_have_text("Best of the month")
    assert definition_of("Best of the month") == BUILT


def test_what_is_typed_is_counted_while_one_types(page, site, cafe, guests):
    enter(page, site, cafe)
    page.goto(site + EDITOR)
    choose(page, "t-0", "fact", "Number of purchases")
    page.locator("#t-0-v0").fill("2")
    match = page.locator("#found li").first

    expect(match).to_contain_text("2")
    expect(match).to_contain_text("Regular N.")
    page.locator("#t-0-v0").fill("4")
    expect(match).to_contain_text("1")
    expect(page.locator(".rg-sentence")).to_contain_text("4")


def test_without_script_a_rule_is_built_too(browser, site, cafe, guests, definition_of):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    enter(page, site, cafe)
    page.goto(site + EDITOR)
    page.get_by_label("Name").fill("Twice")
    choose(page, "t-0", "fact", "Number of purchases")
    page.get_by_role("button", name="Go on").click()
    page.locator("#t-0-v0").fill("2")
    page.get_by_role("button", name="Condition", exact=True).click()
    choose(page, "t-1", "fact", "Birthday")
    page.get_by_role("button", name="Go on").last.click()
    choose(page, "t-1", "op", "is not known")
    page.get_by_role("button", name="Save").first.click()

    page.wait_for_url("**/segments/*")
    context.close()
    assert definition_of("Twice") == {
        "all": [
            {"fact": "purchases.count", "op": "gte", "value": 2},
            {"fact": "member.birthday", "op": "not_set"},
        ]
    }


def test_in_one_but_not_in_the_other_takes_two_clicks(page, site, cafe, presets, make_segment, segment_of):
    segment_id = make_segment("Twice")
    enter(page, site, cafe)
    page.goto(f"{site}/cafes/aurora/segments/{segment_id}")

    page.get_by_text("In it, but not in …").click()
    page.get_by_role("button", name="Defecting").click()

    page.wait_for_url(lambda url: not url.endswith(f"/{segment_id}"))
    assert segment_of("Twice − Defecting").size == 1


def test_the_numbers_of_a_preset_are_tried_before_they_are_kept(page, site, cafe, presets, segment_of):
    enter(page, site, cafe)
    page.goto(f"{site}/cafes/aurora/settings/segments")

    page.locator("#new-days").fill("2")

    expect(page.locator("#new .rg-tried")).to_have_text("0 guests would be in it, now it is 1")
    assert segment_of("New").parameters == {"days": 30}


@pytest.fixture
def pages(make_segment, presets) -> list[str]:
    """Every kind of page of the room."""
    rule = {"fact": "purchases.count", "op": "gte", "value": 1, "window_days": 30, "where": {"weekday": ["monday"]}}
    own = make_segment("Own", {"all": [rule, {"not": {"any": [rule, {"fact": "tags", "op": "not_set"}]}}]})
    room = "/cafes/aurora/segments/"
    return [room, f"{room}{presets['top']}", f"{room}{own}/edit", f"{room}new", "/cafes/aurora/settings/segments"]


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_everybody_can_use_the_pages(page, site, cafe, pages, size):
    enter(page, site, cafe)
    page.set_viewport_size(size)
    for path in pages:
        page.goto(site + path)
        found = Axe().run(page)

        assert found.violations_count == 0, f"{path}\n{found.generate_report()}"
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path


def test_on_a_phone_what_follows_stands_in_one_line_that_opens(page, site, cafe, guests):
    page.set_viewport_size(PHONE)
    enter(page, site, cafe)
    page.goto(f"{site}{EDITOR}?idea=no_second")
    line = page.locator(".rg-fold-line")

    expect(line).to_be_in_viewport()
    expect(line).to_contain_text("1 guest")
    expect(page.locator(".rg-sentence")).to_be_hidden()
    line.click()
    expect(page.locator(".rg-sentence")).to_be_visible()


def test_a_long_rule_is_changed_in_its_middle_and_keeps_the_rest(page, site, cafe, guests, database, make_segment):
    rule = {"fact": "purchases.count", "op": "gte", "value": 1}
    segment_id = make_segment("Much", {"all": [{**rule, "value": number} for number in range(1, 41)]})
    enter(page, site, cafe)
    page.goto(f"{site}/cafes/aurora/segments/{segment_id}/edit")

    page.locator("#t-39-v0").fill("7")
    page.get_by_role("button", name="Remove: Number of purchases").first.click()
    expect(page.locator("#t-39-v0")).to_have_count(0)
    expect(page.locator("#t-38-v0")).to_have_value("7")
    page.get_by_role("button", name="Save").first.click()

    page.wait_for_url("**/segments/*")
    assert ask(database.admin_url, "SELECT jsonb_array_length(definition->'all') FROM segments WHERE name='Much'") == 39
