"""What a person may meet on a page is a sentence that the page can say in their language."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PLACES = {"Refusal": 0, "Unacceptable": 0, "Conflict": 0, "NotFound": 0, "RenderFailed": 0, "FieldError": 1, "at": 1}
PLACES |= {"Forbidden": 0, "Misplaced": 0, "_misplaced": 1, "_refuse": 2}
MACHINES = {  # what only programs, tills and operators are refused: they read English
    "domain/accounts/idempotency.py",
    "domain/loyalty/book.py",
    "domain/loyalty/events.py",
    "domain/loyalty/inquiries.py",
    "domain/loyalty/points.py",
    "domain/loyalty/redemptions.py",
    "domain/loyalty/refunds.py",
    "gateways/plivo.py",
}
RULES = sorted(path for room in ("domain", "gateways") for path in (ROOT / room).rglob("*.py"))


def plain(path: Path) -> list[str]:
    """Where a refusal of this file is mere text: the lines, with what stands there."""
    tree = ast.parse(path.read_text())
    texts = {
        name.id: each.value
        for each in ast.walk(tree)
        if isinstance(each, ast.Assign) and _is_text(each.value)
        for name in each.targets
        if isinstance(name, ast.Name)
    }
    return [
        f"{path.relative_to(ROOT)}:{said.lineno}: {ast.unparse(said)}"
        for said in _said(tree)
        if _is_text(texts.get(said.id) if isinstance(said, ast.Name) else said)
    ]


def _said(tree: ast.Module) -> Iterator[ast.expr]:
    for call in ast.walk(tree):
        if isinstance(call, ast.Call):
            place = PLACES.get(getattr(call.func, "id", getattr(call.func, "attr", "")))
            if place is not None and len(call.args) > place:
                said = call.args[place]
                yield from (said.body, said.orelse) if isinstance(said, ast.IfExp) else (said,)


def _is_text(node: ast.expr | None) -> bool:
    if isinstance(node, ast.BinOp):
        return _is_text(node.left) or _is_text(node.right)
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


@pytest.mark.parametrize("path", RULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_refusal_that_a_page_may_show_is_a_sentence(path):
    if str(path.relative_to(ROOT)) in MACHINES:
        assert plain(path), "Everything here is a sentence: take the file off the list"
    else:
        assert not plain(path), "Write it as say(…), or name the file among those that only machines meet"
