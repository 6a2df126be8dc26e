"""XML read as a stream of elements, by their local names. A document type is refused: with one, XML grows by itself."""

from collections.abc import Callable, Iterator
from typing import IO, TypeVar
from xml.parsers.expat import ParserCreate

Attributes = dict[str, str]
Item = TypeVar("Item")
BLOCK = 64 * 1024


def read(
    stream: IO[bytes],
    *,
    found: list[Item],
    start: Callable[[str, Attributes], None],
    end: Callable[[str], None] | None = None,
    text: Callable[[str], None] | None = None,
) -> Iterator[Item]:
    """Call the handlers as elements come, and give what they put into `found` meanwhile.

    Raises `ExpatError` for what is no XML and `ValueError` for a document type.
    """
    parser = ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    names: dict[str, str] = {}

    def local(name: str) -> str:
        if name not in names:
            names[name] = name.rpartition(" ")[2]
        return names[name]

    parser.StartDoctypeDeclHandler = _refuse
    parser.StartElementHandler = lambda name, attributes: start(local(name), attributes)
    if end:
        parser.EndElementHandler = lambda name: end(local(name))
    if text:
        parser.CharacterDataHandler = text
    while block := stream.read(BLOCK):
        parser.Parse(block, False)
        yield from found
        found.clear()
    parser.Parse(b"", True)
    yield from found


def _refuse(*_: object) -> None:
    raise ValueError("a document type has no place here")
