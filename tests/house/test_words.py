"""Every word on a page is said in every language, with the same gaps."""

import re
from gettext import GNUTranslations
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir

ROOT = Path(__file__).resolve().parents[2]
CATALOGUES = ROOT / "web" / "translations"
GAP = re.compile(r"%\((\w+)\)s")
SOURCES = (
    ("web", "**.py", "python", {}),
    ("domain", "**.py", "python", {}),
    ("gateways", "**.py", "python", {}),
    ("connectors", "**.py", "python", {}),
    ("tasks", "**.py", "python", {}),
    ("templates", "**.html", "jinja2", {"extensions": "jinja2.ext.i18n,jinja2.ext.do"}),
)
KEYWORDS = {"_": None, "_l": None, "gettext": None, "lazy_gettext": None, "say": None}
KEYWORDS |= {"ngettext": (1, 2), "_n": (1, 2)}


@pytest.fixture(scope="module")
def words():
    """What the pages say: a text, or its forms for one and for many."""
    found = set()
    for folder, pattern, method, options in SOURCES:
        said = extract_from_dir(ROOT / folder, [(pattern, method)], {pattern: options}, KEYWORDS)
        found |= {message for _, _, message, *_ in said}
    return found


def _forms(catalogue, message):
    if isinstance(message, tuple):
        return [catalogue.ngettext(*message, number) for number in (1, 2)]
    return [catalogue.gettext(message)]


@pytest.mark.parametrize("language", ["de"])
def test_every_word_has_its_translation_with_the_same_gaps(words, language):
    path = CATALOGUES / language / "LC_MESSAGES" / "messages.mo"
    with path.open("rb") as file:
        catalogue = GNUTranslations(file)
    known = {key[0] if isinstance(key, tuple) else key for key in catalogue._catalog}
    missing = [each for each in words if (each[0] if isinstance(each, tuple) else each) not in known]
    assert not missing, "Say it in the catalogue, then run web/translations/refresh"

    for message in words:
        asked = set(GAP.findall(" ".join(message) if isinstance(message, tuple) else message))
        said = [set(GAP.findall(form)) for form in _forms(catalogue, message)]
        assert all(form <= asked for form in said), message
        assert set.union(*said) == asked, message
