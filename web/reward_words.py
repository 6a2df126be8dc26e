"""How a reward, its readers and its timing are said to people."""

from datetime import datetime, time, timedelta

from flask_babel import gettext as _
from flask_babel import ngettext

from domain.content.sms import SmsSize
from domain.content.templates import TextPreview
from domain.delivery import quiet_hours
from domain.insight.rewards import Reach, Standing
from domain.outreach.previews import Reader
from web import filters
from web.stories import counted

LONGEST = 640
PLACEHOLDERS = (
    ("member.first_name", 'member.first_name | default("friend")'),
    ("reward.discount", "reward.discount"),
    ("reward.valid_until", "reward.valid_until"),
    ("reward.code", "reward.code"),
    ("links.card", "links.card"),
)


def facts(standing: Standing) -> str:
    """`Unlocked at 100 points · 38 waiting to be used · 312 redeemed this year`."""
    return " · ".join(
        (
            _("Unlocked at %(points)s", points=counted(standing.threshold, standing.currency)),
            _("%(n)s waiting to be used", n=filters.number(standing.waiting)),
            _("%(n)s redeemed this year", n=filters.number(standing.redeemed)),
        )
    )


def agreed(reach: Reach) -> str:
    """How many members may hear about rewards on a channel."""
    return ngettext("%(n)s member agreed", "%(n)s members agreed", reach.agreed, n=filters.number(reach.agreed))


def sms_size(typed: str, shown: TextPreview | None) -> str:
    """`87 of 640 · GSM-7 · 1 part`; what is over the limit stands below zero."""
    left = LONGEST - len(typed)
    told = _("%(n)s of 640", n=len(typed)) if left >= 0 else _("%(n)s characters too many", n=-left)
    if shown is None:
        return told
    return f"{told} · {shown.encoding} · " + ngettext("%(num)s part", "%(num)s parts", shown.parts)


def parts(size: SmsSize) -> str:
    """`2 parts`."""
    return ngettext("%(num)s part", "%(num)s parts", size.parts)


def reader(who: Reader, currency: str) -> str:
    """`Leonie H., 103 points`."""
    if who.member is None:
        return _("an invented guest")
    first, last = who.member.first_name, who.member.last_name
    name = _("a guest without a name") if who.values else " ".join(filter(None, (first, last and f"{last[0]}.")))
    return f"{name or who.member.external_id}, {filters.number(who.points)} {currency}"


def when(delay_minutes: int | None, quiet: tuple[int, int] | None, now: datetime) -> str:
    """What the timing means for a guest who pays at 20:15 tonight."""
    zone = filters.zone()
    paid = datetime.combine(now.astimezone(zone).date(), time(20, 15), zone)
    due = quiet_hours.next_allowed(paid + timedelta(minutes=delay_minutes or 0), str(zone), quiet)
    if due - paid < timedelta(minutes=1):
        return _("A guest who pays at 20:15 tonight gets the e-mail at once, a text within the country's hours.")
    if due.astimezone(zone).date() == paid.date():
        return _("A guest who pays at 20:15 tonight hears from you at %(clock)s.", clock=filters.time_of_day(due))
    return _("A guest who pays at 20:15 tonight hears from you tomorrow at %(clock)s.", clock=filters.time_of_day(due))


def gap_words(name: str) -> str:
    """A placeholder as the button that inserts it says it."""
    return {
        "member.first_name": _("first name"),
        "reward.discount": _("what they get"),
        "reward.valid_until": _("valid until"),
        "reward.code": _("code"),
        "links.card": _("link to my points"),
    }[name]
