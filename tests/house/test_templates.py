"""Templates: every one compiles, and partials begin with an underscore."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEMPLATES = sorted(path.relative_to(ROOT / "templates").as_posix() for path in (ROOT / "templates").rglob("*.*"))
INCLUDE = re.compile(r"""{%-?\s*include\s+["']([^"']+)["']""")
UNSAFE = re.compile(r"\|\s*safe\b|\son\w+=|javascript:|style=\"")


def test_there_are_templates():
    assert TEMPLATES


@pytest.mark.parametrize("name", TEMPLATES)
def test_it_compiles(app, name):
    app.jinja_env.get_template(name)


@pytest.mark.parametrize("name", TEMPLATES)
def test_it_holds_nothing_that_the_content_policy_forbids_or_that_switches_escaping_off(name):
    assert UNSAFE.findall((ROOT / "templates" / name).read_text()) == []


def test_what_is_included_is_a_partial():
    included = {each for name in TEMPLATES for each in INCLUDE.findall((ROOT / "templates" / name).read_text())}

    assert [each for each in included if not Path(each).name.startswith("_")] == []
