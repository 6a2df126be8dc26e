"""Clauses about what guests bought, have and use."""

from flask_babel import gettext as _
from flask_babel import pgettext

from web.condition_words import amounts
from web.condition_words.clauses import Clause, Question, no, yes
from web.condition_words.profile import anything


def purchases_count(asked: Question) -> Clause:
    """`who bought at least 3 times in the last 30 days in the shop`."""
    parts = {"object": asked.object, "window": asked.window, "place": asked.place}
    if asked.never:
        words = _("who did not buy %(object)s %(window)s %(place)s") if asked.object else None
        return no(words or _("who bought nothing %(window)s %(place)s"), **parts)
    if asked.ever:
        words = _("who bought %(object)s %(window)s %(place)s") if asked.object else None
        return yes(words or _("who bought something %(window)s %(place)s"), **parts)
    words = _("who bought %(object)s %(times)s %(window)s %(place)s") if asked.object else None
    times = amounts.times(asked.op, asked.value)
    return yes(words or _("who bought %(times)s %(window)s %(place)s"), **parts, times=times)


def purchases_sum(asked: Question) -> Clause:
    parts = {"object": asked.object, "window": asked.window, "place": asked.place}
    words = _("who spent %(amount)s on %(object)s %(window)s %(place)s") if asked.object else None
    amount = amounts.cash(asked.op, asked.value)
    return yes(words or _("who spent %(amount)s %(window)s %(place)s"), **parts, amount=amount)


def purchases_average(asked: Question) -> Clause:
    if asked.op in ("is_set", "not_set"):
        return anything(asked)
    parts = {"object": _with(asked.object), "window": asked.window, "place": asked.place}
    return yes(_("whose average purchase %(object)s %(window)s %(place)s is %(amount)s"), **parts,
               amount=amounts.cash(asked.op, asked.value))  # fmt: skip


def purchases_items(asked: Question) -> Clause:
    parts = {"object": asked.object, "window": asked.window, "place": asked.place}
    pieces = amounts.amount(asked.op, asked.value, amounts.things(_("piece"), _("pieces")))
    words = _("who bought %(pieces)s of %(object)s %(window)s %(place)s") if asked.object else None
    return yes(words or _("who bought %(pieces)s %(window)s %(place)s"), **parts, pieces=pieces)


def first_purchase(asked: Question) -> Clause:
    if asked.op in ("is_set", "not_set"):
        return _bought_at_all(asked)
    parts = {"object": _with(asked.object), "window": asked.window, "place": asked.place}
    when = amounts.when(asked.op, asked.value)
    return yes(_("whose first purchase %(object)s %(window)s %(place)s was %(when)s"), **parts, when=when)


def last_purchase(asked: Question) -> Clause:
    """`whose last purchase was more than 90 days ago`."""
    if asked.op in ("is_set", "not_set"):
        return _bought_at_all(asked)
    parts = {"object": _with(asked.object), "window": asked.window, "place": asked.place}
    when = amounts.when(asked.op, asked.value)
    return yes(_("whose last purchase %(object)s %(window)s %(place)s was %(when)s"), **parts, when=when)


def months_without(asked: Question) -> Clause:
    """`who have bought nothing for at least 6 months`."""
    if asked.op in ("is_set", "not_set"):
        return _bought_at_all(asked)
    time = amounts.amount(asked.op, asked.value, amounts.things(_("month"), pgettext("for", "months")))
    return yes(_("who have bought nothing for %(time)s"), time=time)


def points_balance(asked: Question) -> Clause:
    if asked.never:
        return no(_("who have no points"))
    return yes(_("who have %(points)s"), points=_points(asked))


def points_pending(asked: Question) -> Clause:
    return yes(_("who have %(points)s that cannot be used yet"), points=_points(asked))


def points_expiring(asked: Question) -> Clause:
    window = amounts.ahead(asked.days) if asked.days is not None else _("some day")
    return yes(_("who will lose %(points)s %(window)s"), points=_points(asked), window=window)


def points_earned(asked: Question) -> Clause:
    if asked.never:
        return no(_("who earned no points %(window)s"), window=asked.window)
    return yes(_("who earned %(points)s %(window)s"), points=_points(asked), window=asked.window)


def points_spent(asked: Question) -> Clause:
    if asked.never:
        return no(_("who used no points %(window)s"), window=asked.window)
    return yes(_("who used %(points)s %(window)s"), points=_points(asked), window=asked.window)


def rewards_unlocked(asked: Question) -> Clause:
    parts = {"reward": _reward(asked), "window": asked.window}
    if asked.never:
        return no(_("who did not unlock %(reward)s %(window)s"), **parts)
    if asked.ever:
        return yes(_("who unlocked %(reward)s %(window)s"), **parts)
    return yes(_("who unlocked %(reward)s %(times)s %(window)s"), **parts, times=amounts.times(asked.op, asked.value))


def rewards_redeemed(asked: Question) -> Clause:
    place = asked.place if "location" in asked.where else ""
    parts = {"reward": _reward(asked), "window": asked.window, "place": place}
    if asked.never:
        return no(_("who did not use %(reward)s %(window)s %(place)s"), **parts)
    if asked.ever:
        return yes(_("who used %(reward)s %(window)s %(place)s"), **parts)
    times = amounts.times(asked.op, asked.value)
    return yes(_("who used %(reward)s %(times)s %(window)s %(place)s"), **parts, times=times)


def rewards_waiting(asked: Question) -> Clause:
    if asked.never:
        return no(_("for whom %(reward)s is not waiting"), reward=_reward(asked))
    if asked.ever:
        return yes(_("for whom %(reward)s is waiting"), reward=_reward(asked))
    rewards = amounts.amount(asked.op, asked.value, amounts.things(_("reward"), _("rewards")))
    return yes(_("who have %(rewards)s waiting"), rewards=rewards)


def points_to_next(asked: Question) -> Clause:
    reward = amounts.either(list(map(amounts.quoted, asked.plain("reward")))) or _("the next reward")
    if asked.op == "not_set":
        return no(_("who have no reward ahead"))
    if asked.op == "is_set":
        return yes(_("who have a reward ahead"))
    return yes(_("who need %(points)s more for %(reward)s"), points=_points(asked), reward=reward)


def tier(asked: Question) -> Clause:
    if asked.op not in ("eq", "in"):
        return anything(asked)
    return yes(_("who are in the tier %(tier)s"), tier=amounts.either(list(map(amounts.quoted, asked.values))))


def friends_joined(asked: Question) -> Clause:
    if asked.never:
        return no(_("who brought no friend %(window)s"), window=asked.window)
    friends = amounts.amount(asked.op, asked.value, amounts.things(_("friend"), _("friends")))
    return yes(_("who brought %(friends)s %(window)s"), friends=friends, window=asked.window)


def friends_bought(asked: Question) -> Clause:
    if asked.never:
        return no(_("who brought no friend that bought something %(window)s"), window=asked.window)
    friends = amounts.amount(asked.op, asked.value, amounts.things(_("friend"), _("friends")))
    return yes(_("who brought %(friends)s that bought something %(window)s"), friends=friends, window=asked.window)


def counter(asked: Question) -> Clause:
    name = amounts.quoted(asked.fact.name.partition(".")[2])
    number = amounts.amount(asked.op, asked.value, amounts.plain)
    return yes(_("whose counter %(name)s is %(number)s"), name=name, number=number)


def _bought_at_all(asked: Question) -> Clause:
    parts = {"object": asked.object, "window": asked.window, "place": asked.place}
    if asked.op == "is_set":
        words = _("who bought %(object)s %(window)s %(place)s") if asked.object else None
        return yes(words or _("who bought something %(window)s %(place)s"), **parts)
    words = _("who did not buy %(object)s %(window)s %(place)s") if asked.object else None
    return no(words or _("who bought nothing %(window)s %(place)s"), **parts)


def _with(thing: str) -> str:
    return _("of %(object)s", object=thing) if thing else ""


def _points(asked: Question) -> str:
    codes = asked.plain("currency")
    name = amounts.either([asked.names.currency(str(code)) for code in codes]) if codes else "points"
    return amounts.amount(asked.op, asked.value, amounts.points(name))


def _reward(asked: Question) -> str:
    names = asked.plain("reward")
    return amounts.either(list(map(amounts.quoted, names))) if names else _("a reward")
