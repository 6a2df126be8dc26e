"""Who comes to Café Aurora, and how often: invented people with habits, the same for the same seed."""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

FIRST_NAMES = (
    "Anna Leonie Marek Judit Tarek Sofia Lukas Emma Felix Mira Jonas Lea Paul Clara David Nora Elias Hanna Milan Ida "
    "Jakob Zoe Samuel Ella Viktor Lina Oskar Maja Adam Greta Theo Alma Noah Frida Simon Lotte Aron Selin Emil Dora "
    "Katharina Stefan Ayşe Dragan Zsófia Bence Ivana Tomasz Elif Goran Chiara Matteo Camille Hugo Irina Pavel Olga"
).split()
LAST_NAMES = (
    "Huber Bauer Wagner Gruber Pichler Steiner Moser Mayer Hofer Leitner Berger Fuchs Eder Fischer Schmid Winkler "
    "Weber Schwarz Maier Schneider Reiter Novak Horvat Kovács Nagy Yılmaz Kaya Jovanović Petrović Kowalski Dvořák "
    "Svoboda Popescu Ivanov Rossi Bianchi Dubois Laurent Öztürk Šimić Wieser Egger Lang Auer Lechner Holzer Kern "
    "Strasser"
).split()


@dataclass(frozen=True, slots=True)
class Habit:
    """How a kind of guest lives with the café: share of all guests, visits a week, and what they order first."""

    name: str
    share: float
    visits_a_week: float
    weekend: float  # how much likelier a day of the weekend is
    taste: tuple[str, ...]


HABITS = (
    Habit("regular", 0.04, 2.3, 0.5, ("hot drinks", "hot drinks", "pastries")),
    Habit("weekly", 0.11, 0.85, 1.6, ("hot drinks", "pastries", "lunch")),
    Habit("lunch", 0.04, 0.9, 0.2, ("lunch", "lunch", "cold drinks")),
    Habit("monthly", 0.33, 0.2, 1.8, ("hot drinks", "cold drinks", "pastries")),
    Habit("art", 0.06, 0.3, 2.4, ("art", "hot drinks", "pastries")),
    Habit("rare", 0.42, 0.035, 1.4, ("hot drinks", "cold drinks", "art")),
)


@dataclass(frozen=True, slots=True)
class Guest:
    """One invented member. `leaves_on` is the day the habit ends, for those who lapse."""

    number: int
    first_name: str
    last_name: str
    email: str | None
    phone: str | None
    card: str
    birthday: date | None
    joined_on: date
    leaves_on: date | None
    locale: str
    habit: Habit

    @property
    def external_id(self) -> str:
        """The number on the card, as the café writes it."""
        return f"AUR-{self.number:05d}"


def invite(count: int, *, today: date, random: Random) -> list[Guest]:
    """`count` guests who joined over the last eighteen months."""
    habits = random.choices(HABITS, weights=[habit.share for habit in HABITS], k=count)
    return [_guest(number, habit, today=today, random=random) for number, habit in enumerate(habits, start=1)]


def _guest(number: int, habit: Habit, *, today: date, random: Random) -> Guest:
    first, last = random.choice(FIRST_NAMES), random.choice(LAST_NAMES)
    joined = today - timedelta(days=int(540 * random.random() ** 1.3))
    lapses = random.random() < 0.24
    return Guest(
        number=number,
        first_name=first,
        last_name=last,
        email=f"{_plain(first)}.{_plain(last)}{number}@example.com" if random.random() < 0.92 else None,
        phone=f"+43660{number * 7919 % 10**7:07d}" if random.random() < 0.76 else None,
        card=f"C{number:06d}",
        birthday=_birthday(random) if random.random() < 0.55 else None,
        joined_on=joined,
        leaves_on=joined + timedelta(days=random.randrange(20, 420)) if lapses else None,
        locale="de" if random.random() < 0.7 else "en",
        habit=habit,
    )


def _birthday(random: Random) -> date:
    return date(random.randrange(1950, 2008), 1, 1) + timedelta(days=random.randrange(366))


def _plain(name: str) -> str:
    table = str.maketrans("äöüßşéóřšćíčžáýı", "aousseorsciczayi")
    return "".join(letter for letter in name.lower().translate(table) if letter.isascii() and letter.isalpha())
