"""Support agents: people of the platform, members of no café."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from domain.accounts import users
from domain.accounts.secrets import new_password
from models.user import User


@dataclass(frozen=True, slots=True)
class NewAgent:
    """A support agent and the password that is shown once."""

    user: User
    password: str


def create(session: Session, email: str) -> NewAgent:
    """A new support agent. Raises `Conflict` when the address signs in already."""
    password = new_password()
    return NewAgent(users.create(session, email=email, password=password, support=True), password)
