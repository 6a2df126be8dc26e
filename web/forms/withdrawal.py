"""What staff write down when a guest tells them that they want less."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import DateTimeLocalField, SelectField
from wtforms.validators import InputRequired, ValidationError

from domain.audience.consent_history import AT_THE_COUNTER, BY_PHONE, IN_WRITING
from models.message import Topic
from web.consent_words import by_channel_words
from web.forms import Form
from web.words import topic_words

EVERYTHING = "everything"
SAY_WHEN = _l("Say when, like 24.11.2026 10:30.")
MINUTES = "%Y-%m-%dT%H:%M"


class WithdrawalForm(Form):
    """Only a no can be written down here: a yes is the guest's own."""

    what = SelectField(_l("What they no longer want"))
    how = SelectField(
        _l("How they said so"),
        choices=[(AT_THE_COUNTER, _l("At the counter")), (BY_PHONE, _l("By phone")), (IN_WRITING, _l("In writing"))],
    )
    when = DateTimeLocalField(_l("When"), [InputRequired(SAY_WHEN)], format=[MINUTES, "%Y-%m-%dT%H:%M:%S"])

    def validate_when(self, field: DateTimeLocalField) -> None:
        """A year that a guest can have lived in; the rest the rules know."""
        if field.data and not 2000 <= field.data.year < 2200:
            raise ValidationError(SAY_WHEN)

    def offer(self, channels: list[str], now: datetime, zone: ZoneInfo) -> None:
        """Ask about these channels; until somebody types another time, it is now."""
        self.what.choices = [(EVERYTHING, _("Everything")), *_choices(channels)]
        if self.when.process_errors:
            self.when.process_errors = [SAY_WHEN]
        if not self.when.raw_data:
            self.when.data = now.astimezone(zone).replace(tzinfo=None)

    def said(self) -> tuple[str | None, str | None]:
        """The channel and topic that were meant; None means all of them."""
        if self.what.data == EVERYTHING:
            return None, None
        channel, _dot, topic = self.what.data.partition(".")
        return channel, topic or None

    def given_at(self, now: datetime, zone: ZoneInfo) -> datetime:
        """The instant; a minute that has begun is not ahead of now."""
        instant = self.when.data.replace(tzinfo=zone).astimezone(UTC)
        return now if 0 <= (now - instant).total_seconds() < 60 else instant


def _choices(channels: list[str]) -> list[tuple[str, str]]:
    found = []
    for channel in channels:
        way = by_channel_words(channel)
        found.append((channel, _("Everything %(by_channel)s", by_channel=way)))
        for topic in Topic:
            words = _("%(topics)s %(by_channel)s", topics=topic_words(topic), by_channel=way)
            found.append((f"{channel}.{topic.value}", words))
    return found
