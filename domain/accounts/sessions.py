"""Signed-in browsers as rows: ended by deleting them, over by themselves after a while."""

from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from domain.accounts.secrets import fingerprint, new_token
from models.user import User, UserSession

IDLE = timedelta(hours=24)
ABSOLUTE = timedelta(days=14)
TOUCH_EVERY = timedelta(minutes=1)


def start(session: Session, user: User, *, now: datetime, address: str, agent: str) -> tuple[str, UserSession]:
    """A new session and its token, which is kept nowhere else."""
    token = new_token()
    row = UserSession(
        token_hash=fingerprint(token),
        user_id=user.id,
        created_at=now,
        last_seen_at=now,
        fresh_at=now,
        address=address,
        agent=agent,
    )
    session.add(row)
    session.flush()
    return token, row


def find(session: Session, token: str, *, now: datetime) -> tuple[UserSession, User] | None:
    """The living session of a token and its user; None when it ended, ran out, or the user was switched off."""
    rows = session.execute(
        select(UserSession, User)
        .join(User, User.id == UserSession.user_id)
        .where(
            UserSession.token_hash == fingerprint(token),
            UserSession.last_seen_at > now - IDLE,
            UserSession.created_at > now - ABSOLUTE,
            User.disabled_at.is_(None),
        )
    )
    found = rows.one_or_none()
    return (found[0], found[1]) if found else None


def is_due_for_touch(row: UserSession, *, now: datetime) -> bool:
    """Whether the row should learn again that it is in use: once a minute, not at every request."""
    return now - row.last_seen_at > TOUCH_EVERY


def touch(session: Session, row: UserSession, *, now: datetime) -> None:
    """Note that the session is in use."""
    row.last_seen_at = now
    session.flush()


def refresh(session: Session, token: str, *, now: datetime) -> None:
    """The password was typed again: the session counts as fresh from now."""
    row = session.get(UserSession, fingerprint(token))
    if row is not None:
        row.fresh_at = now
        session.flush()


def end(session: Session, token: str) -> None:
    """End the session of a token, if there is one."""
    session.execute(delete(UserSession).where(UserSession.token_hash == fingerprint(token)))


def end_all(session: Session, user_id: int) -> None:
    """End every session of a user."""
    session.execute(delete(UserSession).where(UserSession.user_id == user_id))


def sweep(session: Session, *, now: datetime) -> int:
    """Remove the rows that ran out; how many there were."""
    ran_out = (UserSession.last_seen_at <= now - IDLE) | (UserSession.created_at <= now - ABSOLUTE)
    return len(session.scalars(delete(UserSession).where(ran_out).returning(UserSession.token_hash)).all())
