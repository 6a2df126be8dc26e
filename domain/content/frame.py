"""Around the blocks: the page of an e-mail with the café's name and colours, and the footer nobody can remove.

Built and inlined once when a template is saved. A table of 600 pixels is what all mail programs can show.
"""

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from premailer import Premailer

from domain.content import markup
from domain.content.blocks import Block, Look

DEFAULT_COLOUR = "#4a2f22"


@dataclass(frozen=True)
class Theme:
    """How a café's e-mails look. Colours as `#rrggbb`; `logo` an https address; `language` of our own words."""

    colour: str = DEFAULT_COLOUR
    paper: str = "#faf6ef"
    card: str = "#fffdf9"
    ink: str = "#2a211b"
    serif: bool = True
    logo: str | None = None
    language: str = "en"

    def __post_init__(self) -> None:
        for colour in (self.colour, self.paper, self.card, self.ink):
            if not re.fullmatch(r"#[0-9a-fA-F]{6}", colour):
                raise ValueError(f"{colour!r} is not a colour")

    @property
    def on_colour(self) -> str:
        """White or dark, whichever can be read on the café's colour (WCAG's relative luminance)."""
        return "#ffffff" if _luminance(self.colour) < 0.36 else "#1d1713"


@dataclass(frozen=True)
class _Wording:
    browser: str
    why: str
    preferences: str
    unsubscribe: str


_WORDINGS = {
    "en": _Wording(
        "View in browser",
        "You receive this because you are a guest of",
        "Choose what you receive",
        "Unsubscribe",
    ),
    "de": _Wording(
        "Im Browser ansehen",
        "Sie erhalten diese Nachricht als Gast von",
        "Auswählen, was ich erhalte",
        "Abmelden",
    ),
}

_SHELL = """<!DOCTYPE html>
<html lang="{language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light"><title></title><style>{css}</style></head>
<body class="paper"><table role="presentation" class="paper" width="100%" cellpadding="0" cellspacing="0"><tr>
<td align="center" class="outer"><table role="presentation" class="page" width="600" cellpadding="0" cellspacing="0">
<tr><td class="top" align="right"><a class="quiet" href="{{{{ links.browser }}}}">{browser}</a></td></tr>
<tr><td class="head" align="center">{logo}</td></tr>
<tr><td class="sheet"><table role="presentation" width="100%" cellpadding="0" cellspacing="0">
{rows}
</table></td></tr>
<tr><td class="foot" align="center"><p class="quiet">{why} {{{{ cafe.name }}}}.</p>
<p class="quiet">{{{{ cafe.address }}}}</p>
<p class="quiet"><a class="quiet" href="{{{{ links.preferences }}}}">{preferences}</a> &middot;
<a class="quiet" href="{{{{ links.unsubscribe }}}}">{unsubscribe}</a></p></td></tr>
</table></td></tr></table></body></html>
"""

_TEXT_SHELL = """{body}

--
{why} {{{{ cafe.name }}}}.
{{% if cafe.address %}}{{{{ cafe.address }}}}
{{% endif %}}{browser}: {{{{ links.browser }}}}
{preferences}: {{{{ links.preferences }}}}
{unsubscribe}: {{{{ links.unsubscribe }}}}
"""

_CSS = """
.paper {{ margin: 0; padding: 0; background-color: {paper}; }}
.outer {{ padding: 16px 8px 32px; }}
.page {{ width: 100%; max-width: 600px; font-family: Helvetica, Arial, sans-serif; font-size: 16px;
 line-height: 1.5; color: {ink}; }}
.top {{ padding: 0 8px 8px; }}
.head {{ padding: 26px 32px; background-color: {colour}; color: {on_colour}; border-radius: 14px 14px 0 0;
 font-family: {display}; font-size: 22px; line-height: 1.2; }}
.sheet {{ padding: 16px 0; background-color: {card}; border-radius: 0 0 14px 14px; }}
.block {{ padding: 8px 32px; }}
.block p {{ margin: 0 0 12px; }}
.block h1 {{ margin: 8px 0; font-family: {display}; font-size: 28px; line-height: 1.2; color: {colour_ink}; }}
.block h2 {{ margin: 8px 0; font-family: {display}; font-size: 20px; line-height: 1.3; color: {colour_ink}; }}
.block a {{ color: {colour_ink}; }}
.block img {{ max-width: 100%; height: auto; border: 0; border-radius: 10px; }}
.block a.button {{ display: inline-block; padding: 13px 26px; background-color: {colour}; color: {on_colour};
 border-radius: 10px; font-weight: bold; text-decoration: none; }}
.divider {{ height: 1px; font-size: 1px; line-height: 1px; background-color: #e8dfd2; }}
.spacer {{ font-size: 1px; line-height: 1px; }}
.card {{ border: 2px dashed {colour}; border-radius: 14px; }}
.card-cell {{ padding: 20px; }}
.block p.discount {{ margin: 0; font-family: {display}; font-size: 34px; line-height: 1.1; color: {colour_ink}; }}
.block p.reward {{ margin: 6px 0 12px; }}
.block p.code {{ margin: 0 0 6px; font-family: Menlo, Consolas, monospace; font-size: 22px; letter-spacing: 2px; }}
.block p.small {{ margin: 0; font-size: 13px; }}
.foot {{ padding: 18px 24px; }}
.quiet {{ margin: 0 0 6px; font-size: 12px; line-height: 1.5; color: #6f6259; }}
"""


def page(blocks: Sequence[Block], theme: Theme) -> str:
    """The whole HTML of an e-mail, styles inlined, values still gaps."""
    wording = _wording(theme.language)
    theme = _with_look(theme, blocks)
    source = _SHELL.format(
        css=_css(theme),
        language=theme.language,
        logo=_logo(theme),
        rows="\n".join(filter(None, (block.as_html() for block in blocks))),
        browser=wording.browser,
        why=wording.why,
        preferences=wording.preferences,
        unsubscribe=wording.unsubscribe,
    )
    return markup.masked(source, _inlined)


def plain(blocks: Sequence[Block], theme: Theme) -> str:
    """The plain-text part of the same e-mail, values still gaps."""
    wording = _wording(theme.language)
    return _TEXT_SHELL.format(
        body="\n\n".join(filter(None, (block.as_text() for block in blocks))),
        browser=wording.browser,
        why=wording.why,
        preferences=wording.preferences,
        unsubscribe=wording.unsubscribe,
    )


def _with_look(theme: Theme, blocks: Sequence[Block]) -> Theme:
    for block in blocks:
        if isinstance(block, Look):
            theme = replace(theme, paper=block.paper, serif=block.serif)
    return theme


def _wording(language: str) -> _Wording:
    return _WORDINGS.get(language.partition("-")[0].partition("_")[0], _WORDINGS["en"])


def _css(theme: Theme) -> str:
    display = "Georgia, 'Times New Roman', serif" if theme.serif else "Helvetica, Arial, sans-serif"
    readable = theme.colour if _luminance(theme.colour) < 0.3 else theme.ink  # a pale colour is no ink
    return _CSS.format(
        paper=theme.paper,
        card=theme.card,
        ink=theme.ink,
        colour=theme.colour,
        on_colour=theme.on_colour,
        colour_ink=readable,
        display=display,
    )


def _logo(theme: Theme) -> str:
    if theme.logo is None:
        return "{{ cafe.name }}"
    return f'<img src="{markup.escaped(theme.logo)}" alt="{{{{ cafe.name }}}}" height="48">'


def _inlined(source: str) -> str:
    """Styles moved into the elements they concern; a stranger's style sheet is never fetched."""
    premailer = Premailer(
        source,
        keep_style_tags=False,
        remove_classes=True,
        disable_basic_attributes=["width", "height"],  # ours are right for mail programs that know no CSS width
        allow_network=False,
        allow_loading_external_files=False,
        cssutils_logging_level=logging.CRITICAL,
    )
    return premailer.transform()


def _luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [each / 12.92 if each <= 0.03928 else ((each + 0.055) / 1.055) ** 2.4 for each in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
