"""The parts an e-mail is put together from in the editor. Each knows its HTML and its plain text."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from domain.content import markup, rendering
from domain.content.placeholders import Catalogue
from domain.content.rendering import Kind
from domain.errors import FieldError, Unacceptable
from domain.sentences import say

MOST_BLOCKS = 100
_SCHEMES = ("https://", "mailto:", "tel:")

Words = Annotated[str, Field(min_length=1, max_length=500)]
Address = Annotated[str, Field(min_length=1, max_length=2000)]


class _Block(BaseModel):
    """One part. `lines` and `addresses` name the fields an owner may put placeholders into."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    def as_html(self) -> str:
        """One row of the table that an e-mail is; values are still gaps."""
        raise NotImplementedError

    def as_text(self) -> str:
        """The same to read without HTML; "" if there is nothing to read."""
        raise NotImplementedError

    def typed(self) -> Iterator[tuple[str, str]]:
        """The texts an owner typed, each with its field's name."""
        for name in ("text", "html", "alt"):
            if value := getattr(self, name, None):
                yield name, value

    def addresses(self) -> Iterator[tuple[str, str]]:
        """The addresses an owner typed, each with its field's name."""
        for name in ("url", "link"):
            if value := getattr(self, name, None):
                yield name, value


class Heading(_Block):
    """A headline."""

    type: Literal["heading"]
    text: Words
    level: Literal[1, 2] = 1

    def as_html(self) -> str:
        return _row(f"<h{self.level}>{markup.escaped(self.text)}</h{self.level}>")

    def as_text(self) -> str:
        return self.text


class Text(_Block):
    """Paragraphs, parted by empty lines, with bold, italics and links."""

    type: Literal["text"]
    text: Annotated[str, Field(min_length=1, max_length=20_000)]
    align: Literal["left", "center"] = "left"

    def as_html(self) -> str:
        paragraphs = self._cleaned().split("\n\n")
        return _row("".join(f"<p>{each.strip().replace(chr(10), '<br>')}</p>" for each in paragraphs), align=self.align)

    def as_text(self) -> str:
        return "\n\n".join(markup.to_text(each.replace("\n", "<br>")) for each in self._cleaned().split("\n\n"))

    def _cleaned(self) -> str:
        return markup.clean_inline(self.text.replace("\r\n", "\n").strip())


class Image(_Block):
    """A picture from the web, with the words for those who do not see it."""

    type: Literal["image"]
    url: Address
    alt: Annotated[str, Field(max_length=500)] = ""
    link: Address | None = None
    width: Annotated[int, Field(ge=16, le=600)] = 536

    def as_html(self) -> str:
        source, alt = markup.escaped(self.url), markup.escaped(self.alt)
        image = f'<img src="{source}" alt="{alt}" width="{self.width}">'
        return _row(f'<a href="{markup.escaped(self.link)}">{image}</a>' if self.link else image, align="center")

    def as_text(self) -> str:
        where = markup.url_in_text(self.link) if self.link else ""
        return f"{self.alt} ({where})" if self.alt and where else self.alt or where


class Button(_Block):
    """One thing to do, as a button."""

    type: Literal["button"]
    text: Words
    url: Address

    def as_html(self) -> str:
        link = f'<a class="button" href="{markup.escaped(self.url)}">{markup.escaped(self.text)}</a>'
        return _row(link, align="center")

    def as_text(self) -> str:
        return f"{self.text}: {markup.url_in_text(self.url)}"


class Divider(_Block):
    """A line between two parts."""

    type: Literal["divider"]

    def as_html(self) -> str:
        return _row('<div class="divider">&nbsp;</div>')

    def as_text(self) -> str:
        return "-" * 24


class Spacer(_Block):
    """Room between two parts, in pixels."""

    type: Literal["spacer"]
    height: Annotated[int, Field(ge=4, le=120)] = 24

    def as_html(self) -> str:
        return f'<tr><td height="{self.height}" class="spacer">&nbsp;</td></tr>'

    def as_text(self) -> str:
        return ""


class RewardCard(_Block):
    """The unlocked reward as a card: what it is, its code, until when. Only in messages about a reward."""

    type: Literal["reward_card"]
    text: Words = "Show this code at the till"

    def as_html(self) -> str:
        words = markup.escaped(self.text)
        return _row(
            '<table role="presentation" class="card" width="100%" cellpadding="0" cellspacing="0"><tr>'
            '<td class="card-cell" align="center"><p class="discount">{{ reward.discount }}</p>'
            '<p class="reward">{{ reward.name }}</p><p class="code">{{ reward.code }}</p>'
            f'<p class="small">{words}{_UNTIL}</p></td></tr></table>'
        )

    def as_text(self) -> str:
        return f"{{{{ reward.name }}}}: {{{{ reward.discount }}}}\n{self.text}: {{{{ reward.code }}}}{_UNTIL}"

    def typed(self) -> Iterator[tuple[str, str]]:
        yield "text", self.text
        yield "type", "{{ reward.name }}"


class Html(_Block):
    """An owner's own HTML, cleaned."""

    type: Literal["html"]
    html: Annotated[str, Field(min_length=1, max_length=rendering.MOST_SOURCE)]

    def as_html(self) -> str:
        return _row(markup.clean(self.html))

    def as_text(self) -> str:
        return markup.to_text(markup.clean(self.html))


class Look(_Block):
    """How this e-mail looks, other than the café's others: the paper it lies on, the face of its headlines."""

    type: Literal["look"]
    paper: Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")] = "#faf6ef"
    serif: bool = True

    def as_html(self) -> str:
        return ""

    def as_text(self) -> str:
        return ""


_UNTIL = "{% if reward.valid_until %} · {{ reward.valid_until | date('long') }}{% endif %}"

Block = Annotated[
    Heading | Text | Image | Button | Divider | Spacer | RewardCard | Html | Look, Field(discriminator="type")
]
_BLOCKS: TypeAdapter[list[Block]] = TypeAdapter(Annotated[list[Block], Field(min_length=1, max_length=MOST_BLOCKS)])


def parse(raw: Any) -> list[Block]:
    """The blocks from JSON values. Raises `Unacceptable` with each problem at `blocks.<index>.<field>`."""
    try:
        return _BLOCKS.validate_python(raw)
    except ValidationError as error:
        problems = [FieldError(_path(each["loc"]), each["msg"]) for each in error.errors(include_url=False)]
        raise Unacceptable(say("The e-mail's parts cannot be read."), problems) from error


def from_body(body: str) -> list[Block]:
    """A single body as blocks: the owner's HTML if it is markup, else paragraphs."""
    if markup.looks_like_html(body):
        return [Html(type="html", html=body)]
    return [Text(type="text", text=body)]


def as_json(blocks: Sequence[Block]) -> list[dict[str, Any]]:
    """The blocks as JSON values, as `parse` reads them."""
    return [block.model_dump(exclude_defaults=True) for block in blocks]


def problems(blocks: Sequence[Block], known: Catalogue) -> list[FieldError]:
    """What is wrong with the texts and addresses in the blocks, each beside its field."""
    return [each for index, block in enumerate(blocks) for each in _problems(block, known, f"blocks.{index}")]


def _problems(block: Block, known: Catalogue, path: str) -> list[FieldError]:
    found = []
    for field, source in block.typed():
        found += rendering.check(source, Kind.TEXT, known, f"{path}.{field}")
    for field, source in block.addresses():
        found += _address_problems(source, known, f"{path}.{field}")
    return found or _placing_problems(block, known, path)


def _address_problems(source: str, known: Catalogue, path: str) -> list[FieldError]:
    if found := rendering.check(source, Kind.TEXT, known, path):
        return found
    if not source.lower().startswith((*_SCHEMES, "{{")) or any(each in source.partition("{{")[0] for each in " <>\"'"):
        return [FieldError(path, say("An address begins with https:// (or mailto:, tel:), or is one of our links."))]
    return []


def _placing_problems(block: Block, known: Catalogue, path: str) -> list[FieldError]:
    """What only shows once the block is HTML: a placeholder that stands where no escaping would help."""
    try:
        return rendering.check(block.as_html(), Kind.HTML, known, path)
    except Unacceptable as refusal:
        return [FieldError(path, refusal.detail)]


def _row(content: str, *, align: str = "left") -> str:
    return f'<tr><td class="block" align="{align}">{content}</td></tr>'


def _path(location: tuple[int | str, ...]) -> str:
    """`blocks.2.url`: without the name of the block's type, which pydantic puts in."""
    index, *rest = location or ("",)
    return ".".join(str(each) for each in ("blocks", index, *rest[1:]) if each != "")
