import datetime as dt

from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class PromptDay(Base):
    """How many messages of all cafés left on a day (UTC), and how many of them within ten seconds of being due."""

    __tablename__ = "prompt_days"

    day: Mapped[dt.date] = mapped_column(primary_key=True)
    handed_over: Mapped[int]
    promptly: Mapped[int]
    counted_at: Mapped[dt.datetime]
