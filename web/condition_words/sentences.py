"""The sentence of a whole tree: `Guests who bought at least 3 times, but who are not tagged “staff”.`"""

from collections.abc import Callable, Mapping, Sequence

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from domain.audience.facts import FACTS, operators
from domain.trees import Tree
from web.condition_words import amounts, contact, loyalty, profile
from web.condition_words.clauses import Clause, Mood, Question
from web.condition_words.names import Names

_SAID: Mapping[str, Callable[[Question], Clause]] = {
    "member.birthday": profile.birthday,
    "member.birthday_in_days": profile.birthday_in_days,
    "member.birthday_month": profile.birthday_month,
    "member.age": profile.age,
    "member.joined_on": profile.joined_on,
    "member.joined_days_ago": profile.joined_days_ago,
    "member.completeness": profile.completeness,
    "member.missing": profile.missing,
    "purchases.count": loyalty.purchases_count,
    "purchases.sum": loyalty.purchases_sum,
    "purchases.average": loyalty.purchases_average,
    "purchases.items": loyalty.purchases_items,
    "purchases.first_at": loyalty.first_purchase,
    "purchases.last_at": loyalty.last_purchase,
    "purchases.months_without": loyalty.months_without,
    "points.balance": loyalty.points_balance,
    "points.pending": loyalty.points_pending,
    "points.expiring": loyalty.points_expiring,
    "points.earned": loyalty.points_earned,
    "points.spent": loyalty.points_spent,
    "rewards.unlocked": loyalty.rewards_unlocked,
    "rewards.waiting": loyalty.rewards_waiting,
    "rewards.redeemed": loyalty.rewards_redeemed,
    "rewards.points_to_next": loyalty.points_to_next,
    "tier": loyalty.tier,
    "referrals.count": loyalty.friends_joined,
    "referrals.purchased": loyalty.friends_bought,
    "tags": contact.tags,
    "segments": contact.segments,
    "messages.received": contact.messages_received,
    "messages.opened": contact.messages_opened,
    "messages.clicked": contact.messages_clicked,
    "messages.not_reached": contact.messages_not_reached,
    "messages.last_at": contact.last_message,
}
_SAID_OF_FAMILIES: Mapping[str, Callable[[Question], Clause]] = {
    "consent": contact.consent,
    "reachable": contact.reachable,
    "counter": loyalty.counter,
}


def sentence(session: Session, tree: Tree, names: Names | None = None) -> str:
    """A checked tree in the reader's language. `names` spares the look-ups when a page says several."""
    said = _said(tree, names or Names(session), is_wanted=True)
    if not said.text:
        return _("All guests.")
    if said.mood is Mood.EXCEPT:
        return _("All guests, but %(clause)s.", clause=said.text)
    return _("Guests %(clause)s.", clause=said.text)


def _said(tree: Tree, names: Names, *, is_wanted: bool) -> Clause:
    if "not" in tree:
        return _said(tree["not"], names, is_wanted=not is_wanted)
    if not is_wanted:
        opposite = _opposite(tree)
        return _said(opposite, names, is_wanted=True) if opposite else _without(_said(tree, names, is_wanted=True))
    for joint in ("all", "any"):
        if joint in tree:
            parts = [_part(part, joint, names) for part in tree[joint]]
            return (_all if joint == "all" else _any)([part for part in parts if part.text])
    return _leaf(tree, names)


def _part(tree: Tree, joint: str, names: Names) -> Clause:
    """A part of a group; a group of the other kind stands in brackets."""
    said = _said(tree, names, is_wanted=True)
    other = "any" if joint == "all" else "all"
    return Clause(f"({said.text})", said.mood) if len(tree.get(other, ())) > 1 else said


def _leaf(leaf: Tree, names: Names) -> Clause:
    fact = FACTS.get(leaf["fact"])
    if fact is None:
        return Clause(_("of whom something is asked that is no longer known"))
    family = fact.name.partition(".")[0]
    said = _SAID.get(fact.name) or _SAID_OF_FAMILIES.get(family) or profile.anything
    if family == "event":
        said = contact.event_count if fact.name.endswith(".count") else contact.event_last
    return said(Question.of(fact, leaf, names))


def _opposite(tree: Tree) -> Tree | None:
    """The leaf that says the opposite, where one does."""
    fact = FACTS.get(tree.get("fact", ""))
    if fact is None:
        return None
    turned = {"lt": "gte", "gte": "lt", "gt": "lte", "lte": "gt"}.get(tree["op"])
    if turned and fact.is_always_set:
        return {**tree, "op": turned}
    return operators.opposite(fact, tree)


def _without(clause: Clause) -> Clause:
    return Clause(_("not those %(clause)s", clause=clause.text), Mood.EXCEPT, clause.text)


def _all(parts: Sequence[Clause]) -> Clause:
    """Those that add come first; what is denied or taken out follows with "but"."""
    if len(parts) < 2:
        return parts[0] if parts else Clause("")
    adding = [part.text for part in parts if part.mood is Mood.YES]
    denying = [part.text for part in parts if part.mood is Mood.NO]
    without = [part.text for part in parts if part.mood is Mood.EXCEPT]
    groups = [amounts.several(group) for group in (adding, denying, without) if group]
    said = groups[0]
    for group in groups[1:]:
        said = _("%(clause)s, but %(others)s", clause=said, others=group)
    return Clause(said, Mood.YES if adding else Mood.NO if denying else Mood.EXCEPT)


def _any(parts: Sequence[Clause]) -> Clause:
    if len(parts) < 2:
        return parts[0] if parts else Clause("")
    return Clause(amounts.either([_alternative(part) for part in parts]))


def _alternative(part: Clause) -> str:
    return _("all but those %(clause)s", clause=part.excepted) if part.excepted else part.text
