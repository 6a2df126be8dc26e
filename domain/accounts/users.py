"""People who sign in, and their passwords."""

from datetime import datetime

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from email_validator import EmailNotValidError, validate_email
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from domain.errors import Conflict, Unacceptable
from domain.sentences import say
from models.user import User, UserSession

SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 256
COMMON = {
    "1234567890",
    "0123456789",
    "qwertyuiop",
    "qwertzuiop",
    "password12",
    "password123",
    "passwort123",
    "iloveyou12",
}

# 19 MiB and two passes: dear for who guesses, and a rush of sign-ins does not eat the machine.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# Verified when nobody has the address, so that both answers take the same time.
_nobodys_hash = _hasher.hash("nobody has this password")


def normalise_email(typed: str) -> str:
    """The address in the one form we keep: trimmed, lower case, domain in ASCII. Raises `Unacceptable`."""
    try:
        valid = validate_email(typed.strip(), check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError:
        raise Unacceptable.at("email", say("This is not an e-mail address.")) from None
    return f"{valid.local_part}@{valid.ascii_domain}".lower()


def find(session: Session, email: str) -> User | None:
    """The user with this address, however it is written."""
    return session.scalar(select(User).where(User.email == email.strip().lower()))


def create(
    session: Session, *, email: str, password: str, name: str = "", locale: str = "en", support: bool = False
) -> User:
    """A new user. Raises `Conflict` when the address signs in already."""
    address = normalise_email(email)
    if find(session, address):
        raise Conflict(say("%(address)s signs in already.", address=address))
    user = User(email=address, name=name, locale=locale, is_support=support, password_hash=_hasher.hash(password))
    session.add(user)
    session.flush()
    return user


def authenticate(session: Session, email: str, password: str) -> User | None:
    """The user whose address and password these are. Unknown, wrong and switched off look and take the same."""
    user = find(session, email)
    right = _matches(user.password_hash if user else _nobodys_hash, password)
    if user is None or user.disabled_at is not None or not right:
        return None
    if _hasher.check_needs_rehash(user.password_hash):
        user.password_hash = _hasher.hash(password)
    return user


def change_password(session: Session, user: User, *, current: str, new: str, now: datetime) -> None:
    """Set a new password and end every session of the user. Raises `Unacceptable` beside the field it concerns."""
    if not _matches(user.password_hash, current):
        raise Unacceptable.at("current", say("This is not your password."))
    refuse_weak(new, email=user.email)
    if new == current:
        raise Unacceptable.at("new", say("This is the password you have already."))
    user.password_hash = _hasher.hash(new)
    user.password_changed_at = now
    session.execute(delete(UserSession).where(UserSession.user_id == user.id))


def refuse_weak(password: str, *, email: str) -> None:
    """Raises `Unacceptable` for a password that is short, endless or known to everybody."""
    if len(password) < SHORTEST_PASSWORD:
        raise Unacceptable.at(
            "new", say("Take at least %(least)s characters. A few words in a row are good.", least=SHORTEST_PASSWORD)
        )
    if len(password) > LONGEST_PASSWORD:
        raise Unacceptable.at("new", say("Take at most %(most)s characters.", most=LONGEST_PASSWORD))
    if password.lower() in COMMON | {email} or len(set(password)) < 4:
        raise Unacceptable.at("new", say("Everybody would try this one first. Take another."))


def _matches(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password[:LONGEST_PASSWORD])
    except (VerificationError, InvalidHashError):
        return False
