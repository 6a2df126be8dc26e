"""Points that were spent come back: to the lots they came from, or as long as they had left when they were spent."""

from collections.abc import Callable, Sequence
from datetime import datetime

from domain.loyalty.book import Book, Posting, Taken


def restore(book: Book, parts: Sequence[Taken], *, spent_at: datetime, posting: Callable[[int, str], Posting]) -> None:
    """Return these parts of lots that the book has loaded. `posting` makes the entry of so many points, told apart by
    an ending of its cause."""
    ends = {lot.id: lot.expires_at for lot in book.lots or ()}
    ended = {lot_id: end for lot_id, _ in parts if (end := ends[lot_id]) and end <= book.now}
    alive = [part for part in parts if part[0] not in ended]
    if alive:
        book.give_back(posting(sum(each for _, each in alive), ":returned"), alive)
    if ended:
        # The lot they came from is over by now: they live on as long as they had left when they were spent.
        over = [part for part in parts if part[0] in ended]
        renewed = posting(sum(each for _, each in over), ":renewed")
        book.credit(
            renewed, activates_at=book.now, expires_at=book.now + (max(ended.values()) - spent_at), instead_of=over
        )
