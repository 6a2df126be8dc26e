"""The editor of a rule, for whatever has one: rows are pressed into shape, and what follows is told beside them."""

from collections.abc import Callable

from flask import Response, g, render_template, request

from domain import clock
from domain.audience import conditions
from domain.audience.conditions import Scope
from domain.audience.facts import FACTS
from domain.errors import Refusal
from domain.fact import Fact
from domain.trees import Tree
from models.database import db
from web import condition_words, found
from web.forms.conditions import rows
from web.forms.conditions.builder import Builder
from web.forms.conditions.rows import Condition, Group, Node
from web.forms.conditions.tree import Draft
from web.found import Found
from web.refusal_words import in_words


def typed() -> Group:
    """The rule as it was typed."""
    return _top(rows.read(request.form))


def pressed(action: str) -> Group:
    """The same after a press of one of its buttons."""
    nodes = rows.read(request.form)
    rows.press(nodes, action)
    return _top(nodes)


def rule(ask: Builder) -> Response:
    """The rows alone, for htmx; what stands beside them hears that they changed."""
    html = render_template("conditions/_rule.html", ask=ask)
    return Response(html, headers={"HX-Trigger-After-Swap": "rule-changed"})


def part(ask: Builder) -> str:
    """What follows when a row's fact or operator was changed: its other inputs."""
    nodes, place = rows.read(request.form), request.form.get("at", "")
    row, above = nodes.get(place), nodes.get(place.rpartition("-")[0])
    if not isinstance(row, Condition):
        row, place, above = Condition(), "t-0", None
    return render_template(
        "conditions/_part.html",
        ask=ask,
        row=row,
        place=place,
        fact=_fact(row, above),
        is_narrowed=isinstance(above, Condition),
        is_value=request.form.get("part") == "value",
    )


def found_by(top: Group, check: Callable[[Tree], None]) -> Found:
    """Whom the rule finds, in words and as a waterfall; `check` refuses what cannot be asked."""
    draft = Draft(top, FACTS)
    if draft.tree is None:
        return Found()
    try:
        check(draft.tree)
    except Refusal as refused:
        return Found(problems=_problems(draft, refused))
    members = conditions.matching(draft.tree, Scope.of(g.tenant, now=clock.now()))
    said = condition_words.sentence(db.session(), draft.tree)
    return found.among(db.session(), members, sentence=said, unfinished=[words for _place, words in draft.problems])


def _top(nodes: dict[str, Node]) -> Group:
    top = nodes[rows.TOP]
    return top if isinstance(top, Group) else Group()


def _fact(row: Condition, above: Node | None) -> Fact | None:
    if not isinstance(above, Condition):
        return FACTS.get(row.fact)
    whole = FACTS.get(above.fact)
    return (whole.fields or {}).get(row.fact) if whole else None


def _problems(draft: Draft, refused: Refusal) -> list[str]:
    """The words of a refusal, each once."""
    ask = Builder(db.session(), Group(), "", "")
    said = [ask.words_for(draft, error) for error in refused.errors] or [in_words(refused.detail)]
    return list(dict.fromkeys(said))
