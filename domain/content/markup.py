"""Owners' HTML: cleaned by an allow-list, with the template tags in it kept as they are, and turned into plain text.

Cleaners and inliners know nothing of template tags and would escape what is in them. So tags are masked first: each
becomes an address nobody has, which is fine in a text and in an attribute alike, and is put back afterwards.
"""

import html
import re
import secrets
from collections.abc import Callable

import nh3

from domain.content import rendering
from domain.errors import Unacceptable
from domain.sentences import say

INLINE = {"b", "strong", "i", "em", "u", "s", "br", "a", "span", "small", "sub", "sup"}
_BLOCKS = {"p", "div", "h1", "h2", "h3", "h4", "ul", "ol", "li", "blockquote", "hr", "center", "pre", "code"}
_TABLES = {"table", "thead", "tbody", "tfoot", "tr", "td", "th", "caption"}
_STYLES = {
    *("color", "background-color", "text-align", "font-size", "font-weight", "font-style", "font-family"),
    *("line-height", "letter-spacing", "text-decoration", "width", "max-width", "height", "vertical-align"),
    *("margin", "margin-top", "margin-right", "margin-bottom", "margin-left"),
    *("padding", "padding-top", "padding-right", "padding-bottom", "padding-left"),
    *("border", "border-top", "border-right", "border-bottom", "border-left", "border-radius", "border-collapse"),
}
_SCHEMES = {"https", "mailto", "tel"}
_LAYOUT = {"align", "valign", "width", "height", "bgcolor", "border", "cellpadding", "cellspacing"}

_inline = nh3.Cleaner(
    tags=INLINE,
    attributes={"a": {"href", "title"}, "span": {"style"}},
    filter_style_properties={"color", "font-weight", "font-style", "text-decoration"},
    url_schemes=_SCHEMES,
    url_relative="deny",
    link_rel=None,
)
_whole = nh3.Cleaner(
    tags=INLINE | _BLOCKS | _TABLES | {"img"},
    attributes={
        "*": {"style", "title", "lang", "dir"},
        "a": {"href"},
        "img": {"src", "alt", "width", "height", "border"},
        **dict.fromkeys(_TABLES, _LAYOUT),
        "td": _LAYOUT | {"colspan", "rowspan"},
        "th": _LAYOUT | {"colspan", "rowspan"},
    },
    filter_style_properties=_STYLES,
    url_schemes=_SCHEMES,
    url_relative="deny",
    link_rel=None,
)
_nothing = nh3.Cleaner(tags=set(), attributes={})

_LINK = re.compile(r'<a\b[^>]*?\bhref="([^"]*)"[^>]*>(.*?)</a>', re.DOTALL | re.IGNORECASE)
_IMAGE = re.compile(r'<img\b[^>]*?\balt="([^"]*)"[^>]*>', re.IGNORECASE)
_ENDS_LINE = re.compile(r"<br\s*/?>|</(?:p|div|h[1-4]|li|tr|blockquote|table)>", re.IGNORECASE)
_VALUE_TAG = re.compile(r"\{\{-?\s*(.+?)\s*-?\}\}", re.DOTALL)
_MASK = re.compile(r"(https://t\d+-[0-9a-f]{12}\.invalid)/")
_LOOKS_LIKE_HTML = re.compile(r"<(?:!--|/?[a-zA-Z][^<>]*)>")


def masked(source: str, change: Callable[[str], str]) -> str:
    """`change` applied to a text whose template tags stand aside meanwhile.

    Raises `Unacceptable` if a tag did not survive: it stood where no text can be, inside an HTML tag.
    """
    salt = secrets.token_hex(6)
    tags: dict[str, str] = {}
    parts = []
    for is_tag, part in rendering.split(source):
        if not is_tag:
            parts.append(part)
            continue
        mask = f"https://t{len(tags)}-{salt}.invalid"
        tags[mask] = part
        parts.append(mask + "/")
    changed = change("".join(parts))
    if any(changed.count(mask) != 1 for mask in tags):
        raise Unacceptable(say("A placeholder stands where no text can be: move it out of the HTML tag."))
    return re.sub(rf"(https://t\d+-{salt}\.invalid)(:1)?/", lambda found: _tag(tags[found[1]], found[2]), changed)


def _tag(tag: str, encode: str | None) -> str:
    return _VALUE_TAG.sub(r"{{ \1 | url }}", tag) if encode else tag


def clean_inline(source: str) -> str:
    """A paragraph's text with bold, italics, links and the like; everything else is dropped or escaped."""
    return masked(source, _inline.clean)


def clean(source: str) -> str:
    """An owner's own HTML, with layout; scripts, forms, frames, styles from outside and the like are dropped."""
    return masked(source, _whole.clean)


def escaped(source: str) -> str:
    """A text without markup, ready to stand between tags or in an attribute."""
    return masked(source, html.escape)


def looks_like_html(source: str) -> bool:
    """Whether an owner typed markup."""
    return bool(_LOOKS_LIKE_HTML.search(source))


def to_text(cleaned: str) -> str:
    """Cleaned HTML as plain text: links in brackets behind their words, pictures by their description."""
    return masked(cleaned, _stripped)


def url_in_text(source: str) -> str:
    """An address for the plain text: values in it are encoded as in the HTML."""
    return masked(source, _encode_values)


def _encode_values(address: str) -> str:
    """Mark the masks that are only a part of an address; a link of ours that stands alone is complete."""
    return address if _MASK.fullmatch(address) else _MASK.sub(r"\1:1/", address)


def _stripped(cleaned: str) -> str:
    worded = _IMAGE.sub(r"\1", _LINK.sub(_link_in_words, cleaned))
    plain = html.unescape(_nothing.clean(_ENDS_LINE.sub(r"\n\g<0>", worded.replace("\n", " "))))
    lines = [" ".join(line.split()) for line in plain.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _link_in_words(found: re.Match[str]) -> str:
    address, words = found[1].removeprefix("mailto:").removeprefix("tel:"), found[2]
    return words if words == address else f"{words} ({_encode_values(address)})"
