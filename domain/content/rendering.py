"""An owner's text, compiled once and rendered for each member.

Owners' texts are a stranger's programs: `grammar` decides what they may say, a sandbox runs what is left, values are
plain, results are capped in size and time. What a member or a till typed is only ever a value, never parsed.
"""

import time
import unicodedata
from collections.abc import Iterable, Mapping
from enum import Enum
from functools import lru_cache, partial
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateSyntaxError, nodes
from jinja2.exceptions import TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from domain.content import escaping, filters, quoted
from domain.content.escaping import Escape, Misplaced, Place, Scanner
from domain.content.grammar import LOCALE, MOST_ITEMS, Checker, Forbidden, column
from domain.content.placeholders import Catalogue, catalogue
from domain.content.quoted import QuotedPrintable
from domain.errors import FieldError, Unacceptable
from domain.sentences import Sentence, say

MOST_SOURCE = 64 * 1024
MOST_COMPILED = 256 * 1024  # an owner's text within our own frame
MOST_TAGS = 1000
MOST_SECONDS = 0.25  # of the processor: a busy machine that lets a text wait must not cost anybody their message
_ANYTHING = catalogue()
_TAG_BEGINS = frozenset({"variable_begin", "block_begin", "comment_begin", "raw_begin"})
_TAG_ENDS = frozenset({"variable_end", "block_end", "comment_end", "raw_end"})


class Kind(Enum):
    """Where a rendered text goes: how values are escaped, and how large the result may be."""

    HTML = ("html", 256 * 1024)  # octets
    TEXT = ("text", 256 * 1024)  # octets
    SUBJECT = ("subject", 998)  # octets
    SMS = ("sms", 1600)  # characters

    def __init__(self, label: str, most: int) -> None:
        self.label = label
        self.most = most

    def size(self, text: str) -> int:
        """The size of a result in the unit that `most` counts."""
        return len(text) if self is Kind.SMS or text.isascii() else len(text.encode("utf-8"))


class RenderFailed(Unacceptable):
    """A text could not be rendered for these values: one is missing, or the result is too large or took too long."""


class Compiled:
    """A checked text, ready to be rendered for many. `names` are the placeholders it uses."""

    def __init__(self, kind: Kind, names: Mapping[str, str], plain: Template, encoded: Template) -> None:
        self.kind = kind
        self.names = frozenset(names)
        self._flat = tuple(names.items())
        self._absent = {flat: absent for name, flat in names.items() if (absent := _absent(name)) is not ...}
        self._plain = plain
        self._encoded = encoded

    def render(self, values: Mapping[str, Any], *, locale: str = "en") -> str:
        """The text for one member. `values` by dotted name, plain; names the text does not use are ignored."""
        text = self._run(self._plain, values, locale, self.kind.most)
        if len(text) * 4 > self.kind.most and self.kind.size(text) > self.kind.most:
            raise self._too_large()
        return text

    def render_quoted(self, values: Mapping[str, Any], *, locale: str = "en") -> QuotedPrintable:
        """The same, already in quoted-printable for an e-mail's body: the parts without gaps were encoded once."""
        body = quoted.join_pieces(self._run(self._encoded, values, locale, self.kind.most * 4))
        if len(body) > self.kind.most:
            self.render(values, locale=locale)  # the limit counts the text, not its encoding
        return body

    def _run(self, template: Template, values: Mapping[str, Any], locale: str, most: int) -> str:
        filling = self._absent | {flat: values[name] for name, flat in self._flat if name in values}
        filling[LOCALE] = locale
        deadline, began = time.perf_counter() + MOST_SECONDS, time.thread_time()
        pieces: list[str] = []
        size = 0
        try:
            for piece in template.root_render_func(template.new_context(filling)):
                pieces.append(piece)
                size += len(piece)
                if size > most:
                    raise self._too_large()
                if time.perf_counter() > deadline and time.thread_time() - began > MOST_SECONDS:
                    raise RenderFailed(say("This text took too long to render."))
        except (TemplateError, ArithmeticError, TypeError, ValueError, LookupError) as error:
            raise RenderFailed(say("This text cannot be filled in: %(why)s.", why=str(error))) from error
        return "".join(pieces)

    def _too_large(self) -> RenderFailed:
        return RenderFailed(say("The text became larger than %(most)s once filled in.", most=f"{self.kind.most:,}"))


def _absent(name: str) -> Any:
    known = _ANYTHING.find(name)
    return known.absent if known else ...


def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True, cache_size=0
    )
    environment.globals.clear()
    environment.tests.clear()
    environment.filters = dict(filters.FILTERS) | {
        "_major": filters.major,
        "_few": lambda items: list(items)[:MOST_ITEMS],
        "_plain": escaping.plain_text,
        "_text": escaping.html_text,
        "_url": escaping.html_url,
        "_quoted_plain": partial(_encoded, escaping.plain_text),
        "_quoted_text": partial(_encoded, escaping.html_text),
        "_quoted_url": partial(_encoded, escaping.html_url),
    }
    return environment


def _encoded(escape: Escape, value: Any, locale: str) -> str:
    return quoted.encode_piece(escape(value, locale))


_ENVIRONMENT = _environment()
_SUFFIX = {Place.TEXT: "text", Place.WHOLE_URL: "text", Place.URL: "url"}


@lru_cache(maxsize=1024)
def compile(source: str, kind: Kind, known: Catalogue = _ANYTHING) -> Compiled:
    """A text ready to render; kept by content, so asking again costs nothing.

    Raises `Unacceptable` with one `FieldError` per problem (path ""), line and column in its message.
    """
    plain, names = _checked(source, kind, known, prefix="_")
    encoded, _ = _checked(source, kind, known, prefix="_quoted_")
    for node in encoded.find_all(nodes.TemplateData):
        node.data = quoted.encode_piece(node.data)
    return Compiled(kind, names, _template(plain), _template(encoded))


def check(source: str, kind: Kind, known: Catalogue, path: str) -> list[FieldError]:
    """What is wrong with an owner's text, beside the field `path`; nothing if it is fine."""
    if len(source.encode("utf-8", "surrogatepass")) > MOST_SOURCE:
        return [FieldError(path, say("The text is larger than %(most)s KiB.", most=MOST_SOURCE // 1024))]
    try:
        compile(source, kind, known)
    except Unacceptable as refusal:
        return [FieldError(path, each.message) for each in refusal.errors]
    return []


def split(source: str) -> Iterable[tuple[bool, str]]:
    """The text in its parts, in order: whether each is a tag (`{{ … }}`, `{% … %}`, `{# … #}`), and its characters."""
    part, is_tag = "", False
    for _, token, characters in _ENVIRONMENT.lex(source):
        if token in _TAG_BEGINS:
            if part:
                yield False, part
            part, is_tag = "", True
        part += characters
        if token in _TAG_ENDS:
            yield True, part
            part, is_tag = "", False
    if part:
        yield is_tag, part


def gaps(source: str) -> list[Compiled]:
    """The placeholders of a text that is nothing but words and placeholders, each ready to be rendered by itself, in
    order. Raises `Unacceptable` where it says something else to some than to others."""
    tags = [part for is_tag, part in split(source) if is_tag and not part.startswith("{#")]
    if any(not part.startswith("{{") for part in tags):
        raise Unacceptable.at("", say("An approved wording is the same for everybody: placeholders, but no “if”."))
    return [compile(part, Kind.SMS) for part in tags]


def _checked(source: str, kind: Kind, known: Catalogue, *, prefix: str) -> tuple[nodes.Template, Mapping[str, str]]:
    if not _is_clean(source):
        raise Unacceptable(
            say("The text holds characters that cannot be sent."), [FieldError("", say("Invisible characters."))]
        )
    if len(source) > MOST_COMPILED:
        raise Unacceptable.at("", say("The text is too large."))
    checker = Checker(source, known)
    try:
        tree = checker.check(_parsed(source))
        if not checker.problems:
            _escape(tree, kind, prefix, source)
    except Forbidden as problem:
        checker.problems.append(problem)
    if checker.problems:
        messages = dict.fromkeys(each.sentence for each in checker.problems)
        errors = [FieldError("", each) for each in list(messages)[:20]]
        raise Unacceptable(say("The text cannot be used as it is."), errors)
    return tree, checker.names


def _parsed(source: str) -> nodes.Template:
    try:
        tokens = [(line, token) for line, token, _ in _ENVIRONMENT.lex(source)]
        if raw := next((line for line, token in tokens if token == "raw_begin"), None):
            raise Forbidden(say("“raw” is not possible here."), raw, 1)
        if sum(token in _TAG_BEGINS for _, token in tokens) > MOST_TAGS:
            raise Forbidden(say("More than %(most)s placeholders and conditions.", most=MOST_TAGS), 1, 1)
        return _ENVIRONMENT.parse(source)
    except TemplateSyntaxError as error:
        raise Forbidden.syntax(error, source) from error
    except RecursionError as error:
        raise Forbidden(say("This is nested too deeply."), 1, 1) from error
    except (ValueError, OverflowError) as error:
        raise Forbidden(say("A number is too large."), 1, 1) from error


def _is_clean(source: str) -> bool:
    return source.isprintable() or not any(
        unicodedata.category(each) == "Cs" or (unicodedata.category(each) == "Cc" and each not in "\n\r\t")
        for each in set(source)
    )


def _escape(tree: nodes.Template, kind: Kind, prefix: str, source: str) -> None:
    """Send each value through the escaping of its place."""
    if kind is Kind.HTML:
        scanner = Scanner()
        _escape_html(tree.body, scanner, prefix, source)
        if scanner.is_in_markup:
            raise Forbidden(say("A tag is not closed."), source.count("\n") + 1, 1)
        return
    for output in tree.find_all(nodes.Output):
        output.nodes = [_plainly(each, prefix) for each in output.nodes]


def _plainly(node: nodes.Expr, prefix: str) -> nodes.Expr:
    return node if isinstance(node, nodes.TemplateData) else _through(f"{prefix}plain", node)


def _escape_html(statements: list[nodes.Node], scanner: Scanner, prefix: str, source: str) -> None:
    for statement in statements:
        if isinstance(statement, nodes.Output):
            statement.nodes = [_placed(each, scanner, prefix, source) for each in statement.nodes]
        elif isinstance(statement, nodes.For):
            _escape_branches(statement, [statement.body, statement.else_], scanner, prefix, source)
        elif isinstance(statement, nodes.If):
            branches = [statement.body, *(each.body for each in statement.elif_), statement.else_]
            _escape_branches(statement, branches, scanner, prefix, source)


def _escape_branches(
    statement: nodes.Node, branches: list[list[nodes.Node]], scanner: Scanner, prefix: str, source: str
) -> None:
    """Whichever way it goes, the text goes on from the same place: else the escaping after it would be a guess."""
    if scanner.value_of in escaping.URL_ATTRIBUTES:
        raise _misplaced(statement, say("An address holds placeholders only, no conditions."), source)
    before = scanner.state
    for branch in branches:
        _escape_html(branch, scanner, prefix, source)
        if scanner.state != before:
            raise _misplaced(statement, say("“if” and “for” cannot cut a tag in two."), source)


def _placed(node: nodes.Expr, scanner: Scanner, prefix: str, source: str) -> nodes.Expr:
    if isinstance(node, nodes.TemplateData):
        scanner.feed(node.data)
        return node
    try:
        place = scanner.feed_value()
    except Misplaced as error:
        raise _misplaced(node, error.sentence, source) from error
    if place is Place.WHOLE_URL and not _is_link(node):
        raise _misplaced(node, say("Only a link of ours can be a whole address."), source)
    return _through(prefix + _SUFFIX[place], node)


def _misplaced(node: nodes.Node, message: Sentence, source: str) -> Forbidden:
    name = next((each.name.replace("__", ".") for each in (node, *node.find_all(nodes.Name))
                 if isinstance(each, nodes.Name) and "__" in each.name), "")  # fmt: skip
    return Forbidden(message, node.lineno, column(source, node.lineno, name))


def _is_link(node: nodes.Expr) -> bool:
    return isinstance(node, nodes.Name) and node.name.startswith("links__")


def _through(name: str, node: nodes.Expr) -> nodes.Filter:
    locale = nodes.Name(LOCALE, "load", lineno=node.lineno)
    return nodes.Filter(node, name, [locale], [], None, None, lineno=node.lineno)


def _template(tree: nodes.Template) -> Template:
    tree.set_environment(_ENVIRONMENT)
    return Template.from_code(_ENVIRONMENT, _ENVIRONMENT.compile(tree), {})
