"""What an owner's text may say: a walk over its syntax tree against a short list of what is allowed.

Everything that is not named here is refused, with line and column, so a new feature of Jinja is refused too. The walk
also rewrites what it allows: dotted placeholders become flat names, so no attribute of any object is ever looked up.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from jinja2 import TemplateSyntaxError, nodes

from domain.content import filters
from domain.content.placeholders import Catalogue, Placeholder, Type
from domain.sentences import Sentence, say

LOCALE = "_locale"
MOST_ITEMS = 100
_DEEPEST_LOOP = 2
_DEEPEST_IF = 16
_MOST_ELIFS = 50
_DEEPEST = 60
_KINDS = {
    "number": say("a number"),
    Type.TEXT: say("a text"),
    Type.DATE: say("a date"),
    Type.URL: say("an address"),
    Type.LIST: say("a list"),
}
_LOOP_FIELDS = {"first": Type.TEXT, "last": Type.TEXT, "index": Type.NUMBER}
_LOOP = "{% for item in list %}"
_LOOP_NAME = re.compile(r"(?!loop$)[a-z](_?[a-z0-9])*")

# What to look for in the line to point at a construct, and what to call it.
_REFUSED: dict[type[nodes.Node], tuple[str, Sentence]] = {
    nodes.Call: ("(", say("calling something")),
    nodes.Getitem: ("[", say("square brackets")),
    nodes.Slice: ("[", say("square brackets")),
    nodes.Getattr: (".", say("looking into a value")),
    nodes.Concat: ("~", say("joining with “~”")),
    nodes.CondExpr: (" if ", say("“if” inside a placeholder")),
    nodes.Test: (" is ", say("“is”")),
    nodes.Macro: ("macro", say("a macro")),
    nodes.CallBlock: ("call", say("a call block")),
    nodes.Import: ("import", say("importing")),
    nodes.FromImport: ("import", say("importing")),
    nodes.Include: ("include", say("including")),
    nodes.Extends: ("extends", say("extending")),
    nodes.Block: ("block", say("a block")),
    nodes.Assign: ("set", say("“set”")),
    nodes.AssignBlock: ("set", say("“set”")),
    nodes.FilterBlock: ("filter", say("a filter block")),
    nodes.With: ("with", say("“with”")),
    nodes.ScopedEvalContextModifier: ("autoescape", say("switching escaping")),
    nodes.List: ("[", say("a list")),
    nodes.Tuple: ("(", say("a list")),
    nodes.Dict: ("{", say("a dictionary")),
}
for _operator in (nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod, nodes.Pow):
    _REFUSED[_operator] = (_operator.operator, say("calculating with “%(sign)s”", sign=_operator.operator))
for _sign in (nodes.Neg, nodes.Pos):
    _REFUSED[_sign] = (_sign.operator, say("the sign “%(sign)s”", sign=_sign.operator))


class Forbidden(Exception):
    """One thing in a text that is not allowed: `line` and `column` count from 1."""

    def __init__(self, message: Sentence, line: int, column: int) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column

    @property
    def sentence(self) -> Sentence:
        """What is not allowed, and where."""
        return say("Line %(line)s, column %(column)s: %(what)s", line=self.line, column=self.column, what=self.message)

    @classmethod
    def syntax(cls, error: TemplateSyntaxError, source: str) -> "Forbidden":
        """What the parser could not read."""
        return cls(_sentence(error), error.lineno, column(source, error.lineno, "{"))


class Checker:
    """Walks one text. `names` are the placeholders it found, `types` what each rewritten name holds."""

    def __init__(self, source: str, catalogue: Catalogue) -> None:
        self._source = source
        self._catalogue = catalogue
        self._loops: list[tuple[str, Placeholder]] = []
        self._ifs = 0
        self.names: dict[str, str] = {}  # dotted name -> flat name
        self.problems: list[Forbidden] = []

    def check(self, tree: nodes.Template) -> nodes.Template:
        """The tree with flat names; look at `problems` before using it."""
        if (deep := _deeper_than(tree, _DEEPEST)) is not None:
            self._refuse(deep, "{", say("This is nested too deeply."))
            return tree
        tree.body = self._statements(tree.body)
        return tree

    def _statements(self, statements: list[nodes.Node]) -> list[nodes.Node]:
        return [self._statement(each) for each in statements]

    def _statement(self, node: nodes.Node) -> nodes.Node:
        if isinstance(node, nodes.Output):
            node.nodes = [each if isinstance(each, nodes.TemplateData) else self._value(each)[0] for each in node.nodes]
        elif isinstance(node, nodes.If):
            self._if(node)
        elif isinstance(node, nodes.For):
            self._for(node)
        else:
            self._refuse_kind(node)
        return node

    def _if(self, node: nodes.If) -> None:
        self._ifs += 1
        if self._ifs > _DEEPEST_IF or len(node.elif_) > _MOST_ELIFS:
            self._refuse(node, "if", say("Too many “if” in one."))
            self._ifs -= 1
            return
        node.test = self._condition(node.test)
        node.body = self._statements(node.body)
        for each in node.elif_:
            each.test = self._condition(each.test)
            each.body = self._statements(each.body)
        node.else_ = self._statements(node.else_)
        self._ifs -= 1

    def _for(self, node: nodes.For) -> None:
        target = node.target.name if isinstance(node.target, nodes.Name) else ""
        if node.recursive or node.test is not None or not _LOOP_NAME.fullmatch(target):
            self._refuse(node, "for", say("A loop is written “%(loop)s”, nothing more.", loop=_LOOP))
            return
        if len(self._loops) == _DEEPEST_LOOP:
            self._refuse(node, "for", say("Loops may stand two deep."))
            return
        items, placeholder = self._placeholder_of(node.iter)
        if placeholder is None:
            return
        if placeholder.type is not Type.LIST:
            self._refuse(
                node, placeholder.name, say("“%(name)s” is no list, a loop cannot go over it.", name=placeholder.name)
            )
            return
        node.iter = nodes.Filter(items, "_few", [], [], None, None, lineno=node.lineno)
        with self._loop(target, placeholder):
            node.body = [_pulse(node.lineno), *self._statements(node.body)]
        node.else_ = self._statements(node.else_)

    @contextmanager
    def _loop(self, name: str, items: Placeholder) -> Iterator[None]:
        self._loops.append((name, items))
        yield
        self._loops.pop()

    def _condition(self, node: nodes.Node) -> nodes.Expr:
        if isinstance(node, nodes.And | nodes.Or):
            node.left, node.right = self._condition(node.left), self._condition(node.right)
            return node
        if isinstance(node, nodes.Not):
            node.node = self._condition(node.node)
            return node
        if isinstance(node, nodes.Compare):
            return self._comparison(node)
        if isinstance(node, nodes.Name | nodes.Getattr):
            return self._placeholder_of(node)[0]  # a list may be asked whether it holds anything
        return self._value(node)[0]

    def _comparison(self, node: nodes.Compare) -> nodes.Expr:
        if any(each.op in ("in", "notin") for each in node.ops):
            self._refuse(node, " in ", say("“in” is not possible here."))
            return node
        sides = [self._value(each) for each in (node.expr, *(each.expr for each in node.ops))]
        self._check_comparable(node, [kind for _, kind in sides])
        node.expr = _number_of(*sides[0])
        for operand, side in zip(node.ops, sides[1:], strict=True):
            operand.expr = _number_of(*side)
        return node

    def _check_comparable(self, node: nodes.Compare, kinds: list[Type | None]) -> None:
        groups = {"number" if kind in (Type.NUMBER, Type.MONEY) else kind for kind in kinds if kind}
        if len(groups) > 1:
            one, other = sorted(groups)[:2]
            words = say(
                "This compares two different things: %(one)s with %(other)s.", one=_KINDS[one], other=_KINDS[other]
            )
            self._refuse(node, "", words)

    def _value(self, node: nodes.Node) -> tuple[Any, Type | None]:
        """A value rewritten, and its type (None: not known)."""
        if isinstance(node, nodes.Const):
            return node, _type_of_constant(node.value)
        if isinstance(node, nodes.Filter) and node.node is not None:
            return self._filter(node, node.node)
        rewritten, placeholder = self._placeholder_of(node)
        if placeholder and placeholder.type is Type.LIST:
            self._refuse(node, placeholder.name, say("“%(name)s” is a list: use it in a “for”.", name=placeholder.name))
        return rewritten, placeholder.type if placeholder else None

    def _filter(self, node: nodes.Filter, value: nodes.Expr) -> tuple[Any, Type | None]:
        node.node, kind = self._value(value)
        known = filters.ARGUMENTS.get(node.name)
        if known is None:
            self._refuse(
                node,
                node.name,
                say(
                    "There is no filter “%(name)s”. There are: %(filters)s.",
                    name=node.name,
                    filters=", ".join(filters.FILTERS),
                ),
            )
            return node, None
        self._check_arguments(node, *known)
        locale = nodes.Name(LOCALE, "load", lineno=node.lineno)
        node.kwargs = [nodes.Keyword("locale", locale, lineno=node.lineno)]  # type: ignore[list-item]
        return node, kind if node.name == "default" else Type.TEXT

    def _check_arguments(self, node: nodes.Filter, least: int, most: int) -> None:
        values = [each.value for each in node.args if isinstance(each, nodes.Const)]
        if node.kwargs or node.dyn_args or node.dyn_kwargs or len(values) < len(node.args):
            self._refuse(node, node.name, say("“%(name)s” takes only plain texts and numbers.", name=node.name))
        elif not least <= len(values) <= most:
            self._refuse(
                node,
                node.name,
                say("“%(name)s” takes %(values)s.", name=node.name, values=_range_in_words(least, most)),
            )
        elif node.name == "date" and values and values[0] not in filters.DATE_STYLES:
            self._refuse(node, node.name, say("“date” knows %(styles)s.", styles=", ".join(filters.DATE_STYLES)))

    def _placeholder_of(self, node: nodes.Node) -> tuple[Any, Placeholder | None]:
        dotted = _dotted(node)
        if dotted is None:
            self._refuse_kind(node)
            return node, None
        loop = next((items for name, items in reversed(self._loops) if dotted.partition(".")[0] == name), None)
        if loop:
            return self._item_field(node, dotted, loop)
        if dotted.startswith("loop.") and self._loops:
            return self._loop_field(node, dotted)
        return self._known(node, dotted)

    def _item_field(self, node: nodes.Node, dotted: str, items: Placeholder) -> tuple[Any, Placeholder | None]:
        variable, _, name = dotted.partition(".")
        found = items.field_named(name)
        if found is None:
            there = ", ".join(f"{variable}.{each.name}" for each in items.fields)
            self._refuse(
                node, dotted, say("“%(dotted)s” is not there. There is: %(there)s.", dotted=dotted, there=there)
            )
            return node, None
        item = nodes.Name(variable, "load", lineno=node.lineno)
        return nodes.Getitem(item, nodes.Const(name), "load", lineno=node.lineno), found

    def _loop_field(self, node: nodes.Node, dotted: str) -> tuple[Any, Placeholder | None]:
        name = dotted.removeprefix("loop.")
        if name not in _LOOP_FIELDS:
            self._refuse(
                node,
                dotted,
                say("“%(dotted)s” is not there. There is: loop.first, loop.last, loop.index.", dotted=dotted),
            )
            return node, None
        return node, Placeholder(dotted, "", None, _LOOP_FIELDS[name])

    def _known(self, node: nodes.Node, dotted: str) -> tuple[Any, Placeholder | None]:
        found = self._catalogue.find(dotted)
        if found is None:
            self._refuse(node, dotted, self._catalogue.why_not(dotted))
            return node, None
        flat = self.names.setdefault(dotted, dotted.replace(".", "__"))
        return nodes.Name(flat, "load", lineno=node.lineno), found

    def _refuse_kind(self, node: nodes.Node) -> None:
        hint, words = _REFUSED.get(type(node), ("{", Sentence(f"“{type(node).__name__}”")))
        self._refuse(
            node, hint, say("Not possible here: %(words)s. Placeholders, filters, “if” and “for” are.", words=words)
        )

    def _refuse(self, node: nodes.Node, hint: str, message: Sentence) -> None:
        line = node.lineno or 1
        self.problems.append(Forbidden(message, line, column(self._source, line, hint)))


def _dotted(node: nodes.Node) -> str | None:
    """`a.b.c` as a text, or None if the node is anything else."""
    if isinstance(node, nodes.Name):
        return node.name
    if isinstance(node, nodes.Getattr):
        front = _dotted(node.node)
        return f"{front}.{node.attr}" if front else None
    return None


def _deeper_than(tree: nodes.Node, most: int) -> nodes.Node | None:
    """The first node that lies more than `most` levels down; without recursion, the tree is a stranger's."""
    level = [tree]
    for _ in range(most):
        level = [child for node in level for child in node.iter_child_nodes()]
    return next(iter(level), None)


def _pulse(line: int) -> nodes.Output:
    """Nothing, said once per round: whoever renders gets to look at the clock."""
    return nodes.Output([nodes.TemplateData("", lineno=line)], lineno=line)


def _number_of(node: nodes.Expr, kind: Type | None) -> nodes.Expr:
    """Money compares as a number of major units."""
    if kind is not Type.MONEY:
        return node
    locale = nodes.Keyword("locale", nodes.Name(LOCALE, "load", lineno=node.lineno), lineno=node.lineno)
    return nodes.Filter(node, "_major", [], [locale], None, None, lineno=node.lineno)


def _type_of_constant(value: object) -> Type | None:
    if isinstance(value, bool) or value is None:
        return None
    return Type.NUMBER if isinstance(value, int | float) else Type.TEXT


def column(source: str, line: int, hint: str) -> int:
    """Where in the line a construct stands, counted from 1: at the hint inside a tag, else at the tag."""
    lines = re.split(r"\r\n|\r|\n", source)
    text = lines[line - 1] if 0 < line <= len(lines) else ""
    tag = max(0, text.find("{"))
    pattern = r"\s*\.\s*".join(map(re.escape, hint.split("."))) if "." in hint else re.escape(hint)
    found = re.search(pattern, text[tag:]) if hint.strip() else None
    return tag + (found.start() + len(hint) - len(hint.lstrip()) if found else 0) + 1


def _range_in_words(least: int, most: int) -> Sentence:
    if least < most:
        return say("%(least)s to %(most)s values", least=least, most=most)
    if most > 1:
        return say("%(most)s values", most=most)
    return say("one value") if most else say("nothing in brackets")


def _sentence(error: TemplateSyntaxError) -> Sentence:
    words = (error.message or "").rstrip(".")
    return say("This cannot be read: %(why)s.", why=f"{words[:1].lower()}{words[1:]}")
