"""Cafés: opening one, finding one, changing what its owner may."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import available_timezones

from babel import Locale, UnknownLocaleError
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain import money
from domain.accounts import keys, users
from domain.accounts.secrets import new_password
from domain.errors import Conflict, FieldError, Unacceptable
from domain.sentences import say
from models.tenant import Counting, Tenant
from models.user import Membership, User

SLUG = re.compile(r"[a-z0-9](-?[a-z0-9])*")
LONGEST_SLUG = 63
LONGEST_NAME = 120
RESERVED_SLUGS = {"api", "static", "hooks", "admin", "support", "new"}
LONGEST_ADDRESS = 300
COLOUR = re.compile(r"#[0-9a-f]{6}")
LEAST_CONTRAST = 4.5  # of white words on the café's colour (WCAG 2.2, AA)
CHANGEABLE = ("name", "postal_address", "timezone", "country", "locale", "colour", "counting")


@dataclass(frozen=True, slots=True)
class NewCafe:
    """A café just opened. `password` is shown once, and None when the owner signed in here before."""

    tenant: Tenant
    owner: User
    password: str | None
    api_key: str


@dataclass(frozen=True, slots=True)
class CafeDetails:
    """What a café is opened with."""

    name: str
    slug: str
    timezone: str = "Europe/Vienna"
    currency: str = "EUR"
    country: str = "AT"
    locale: str = "en"
    postal_address: str | None = None


def create(session: Session, details: CafeDetails, *, owner_email: str, now: datetime) -> NewCafe:
    """Open a café with its owner and a key for everything. Its defaults: `audience.defaults.open_cafe`.

    Raises `Unacceptable` with the fields that are wrong, `Conflict` when the slug is taken.
    """
    _refuse_wrong(details)
    if by_slug(session, details.slug):
        raise Conflict(
            say("There is a café %(slug)s already.", slug=details.slug), [FieldError("slug", say("This one is taken."))]
        )
    owner, password = _owner(session, owner_email, locale=details.locale)
    tenant = Tenant(
        name=details.name.strip(),
        slug=details.slug,
        timezone=details.timezone,
        currency=details.currency,
        country=details.country,
        locale=details.locale,
        postal_address=details.postal_address or None,
        created_at=now,
    )
    session.add(tenant)
    session.flush()
    session.add(Membership(tenant_id=tenant.id, user_id=owner.id, role="owner", created_at=now))
    api_key, _row = keys.create(session, tenant_id=tenant.id, scopes=[keys.ALL], name="first key")
    session.flush()
    return NewCafe(tenant, owner, password, api_key)


def by_slug(session: Session, slug: str) -> Tenant | None:
    """The café of this slug."""
    return session.scalar(select(Tenant).where(Tenant.slug == slug))


def all_ids(session: Session) -> list[int]:
    """Every café, the oldest first."""
    return list(session.scalars(select(Tenant.id).order_by(Tenant.id)))


def names(session: Session, ids: Collection[int]) -> dict[int, str]:
    """What cafés are called, by id."""
    return {row.id: row.name for row in session.execute(select(Tenant.id, Tenant.name).where(Tenant.id.in_(ids)))}


def of_member(session: Session, *, user_id: int, slug: str) -> tuple[Tenant, Membership] | None:
    """The café of this slug, if the user belongs to it: strangers learn nothing about it."""
    rows = session.execute(
        select(Tenant, Membership)
        .join(Membership, Membership.tenant_id == Tenant.id)
        .where(Tenant.slug == slug, Membership.user_id == user_id)
    )
    found = rows.one_or_none()
    return (found[0], found[1]) if found else None


def of_user(session: Session, user_id: int) -> list[Tenant]:
    """The cafés a user belongs to, by name."""
    belonging = select(Tenant).join(Membership, Membership.tenant_id == Tenant.id).where(Membership.user_id == user_id)
    return list(session.scalars(belonging.order_by(Tenant.name, Tenant.id)))


def change(session: Session, tenant: Tenant, values: Mapping[str, str | None]) -> list[str]:
    """Change what an owner may (`CHANGEABLE`; what is absent stays) and return the names of what differs now.

    A blank `postal_address` means none. Raises `Unacceptable` with the fields that are wrong.
    """
    wanted = {name: (values.get(name, getattr(tenant, name)) or "").strip() for name in CHANGEABLE}
    wanted["colour"] = wanted["colour"].lower()
    if errors := _errors_in(wanted):
        raise Unacceptable(say("These settings cannot be saved."), errors)
    changed = [name for name in CHANGEABLE if (getattr(tenant, name) or "") != wanted[name]]
    for name in changed:
        setattr(tenant, name, wanted[name] or None)
    session.flush()
    return changed


def _errors_in(wanted: Mapping[str, str]) -> list[FieldError]:
    checks = {
        "name": (
            is_name(wanted["name"]),
            say("Give the café a name of at most %(most)s characters.", most=LONGEST_NAME),
        ),
        "postal_address": (
            _is_address(wanted["postal_address"]),
            say("Use one line of at most %(most)s characters.", most=LONGEST_ADDRESS),
        ),
        "timezone": (wanted["timezone"] in available_timezones(), say("This time zone is not known.")),
        "country": (is_country(wanted["country"]), say("This country is not known.")),
        "locale": (is_locale(wanted["locale"]), say("This language is not known.")),
        "counting": (wanted["counting"] in set(Counting), say("Choose whose opening and clicking is counted.")),
        "colour": (bool(COLOUR.fullmatch(wanted["colour"])), say("Choose a colour.")),
    }
    errors = [FieldError(path, message) for path, (right, message) in checks.items() if not right]
    if checks["colour"][0] and white_contrast(wanted["colour"]) < LEAST_CONTRAST:
        errors.append(FieldError("colour", say("White words on this colour are hard to read. Take a darker one.")))
    return errors


def _is_address(address: str) -> bool:
    return len(address) <= LONGEST_ADDRESS and (not address or address.isprintable())


def white_contrast(colour: str) -> float:
    """How well white words stand out on `#rrggbb`: 1 is not at all, 21 is on black (WCAG's relative luminance)."""
    red, green, blue = (_linear(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)


def _linear(share: float) -> float:
    return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4


def _owner(session: Session, email: str, *, locale: str) -> tuple[User, str | None]:
    known = users.find(session, users.normalise_email(email))
    if known:
        return known, None
    password = new_password()
    language = Locale.parse(locale.replace("-", "_")).language
    return users.create(session, email=email, password=password, locale=language), password


def _refuse_wrong(details: CafeDetails) -> None:
    checks = {
        "name": (is_name(details.name), say("Give the café a name of at most %(most)s characters.", most=LONGEST_NAME)),
        "slug": (is_slug(details.slug), say("Small letters, digits and single hyphens between them, at most 63.")),
        "timezone": (
            details.timezone in available_timezones(),
            say("This time zone is not known. Write it like Europe/Vienna."),
        ),
        "currency": (money.is_currency(details.currency), say("This currency is not known. Write it like EUR.")),
        "country": (is_country(details.country), say("Write the country like AT.")),
        "locale": (is_locale(details.locale), say("This language is not known. Write it like en or de-AT.")),
    }
    errors = [FieldError(path, message) for path, (right, message) in checks.items() if not right]
    if errors:
        raise Unacceptable(" ".join(f"{each.path}: {each.message}" for each in errors), errors)


def is_name(name: str) -> bool:
    """Whether this can be a café's name on paper and in a mail header."""
    return bool(name.strip()) and len(name) <= LONGEST_NAME and name.isprintable()


def is_slug(slug: str) -> bool:
    """Whether this can stand for a café in an address."""
    return len(slug) <= LONGEST_SLUG and SLUG.fullmatch(slug) is not None and slug not in RESERVED_SLUGS


def is_country(country: str) -> bool:
    """Whether this is a country's code (ISO 3166)."""
    return country in Locale("en").territories and len(country) == 2


def is_locale(locale: str) -> bool:
    """Whether we know how people of this locale write dates and numbers."""
    try:
        Locale.parse(locale.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return False
    return True
