"""A year of Café Aurora's life, imagined: who came, what they bought, earned and agreed to, and what they were told."""

from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from random import Random

from demo import answers, guests, post, visits, wallet
from demo.answers import Answer
from demo.guests import Guest
from demo.post import Post
from demo.visits import Visit
from demo.wallet import Unlock, Wallet

SEED = 1070


@dataclass(frozen=True, slots=True)
class Life:
    """Everything that happened; `wallets` and `answers` are by guest number."""

    guests: list[Guest]
    visits: list[Visit]
    wallets: dict[int, Wallet]
    answers: dict[int, list[Answer]]
    posts: list[Post]

    @property
    def unlocks(self) -> list[Unlock]:
        """Every reward that was unlocked."""
        return [unlock for each in self.wallets.values() for unlock in each.unlocks]


def imagine(count: int, *, now: datetime) -> Life:
    """The same life for the same day: everything comes from one seed."""
    random = Random(SEED)
    people = guests.invite(count, today=now.astimezone(visits.VIENNA).date(), random=random)
    by_guest = {guest.number: list(visits.of_a_year(guest, until=now, random=random)) for guest in people}
    wallets = {number: wallet.fill(story, now=now, random=random) for number, story in by_guest.items()}
    said = {guest.number: answers.of(guest, until=now, random=random) for guest in people}
    posts = chain.from_iterable(
        post.of(_told(wallets[number]), said[number], now=now, random=random) for number in wallets
    )
    everything = sorted(chain.from_iterable(by_guest.values()), key=lambda visit: (visit.at, visit.guest.number))
    return Life(people, everything, wallets, said, sorted(posts, key=lambda each: each.unlock.visit.at))


def _told(one: Wallet) -> list[Unlock]:
    return [unlock for unlock in one.unlocks if unlock.goal.is_told]
