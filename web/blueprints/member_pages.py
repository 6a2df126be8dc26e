"""The pages behind members' signed links: no login, no script, the member's language, the café's colours.

Looking changes nothing: mail scanners and curious fingers open links. Only a button, or the mail program's own
one-click request (RFC 8058), acts.
"""

from dataclasses import dataclass

from flask import Blueprint, Response, abort, g, redirect, render_template, request, url_for

from domain import clock
from domain.audience import aliases, consent, counting, freshness, interest
from domain.audience.consent import Answer, Proof
from domain.content.links import LinkClaim, Purpose
from domain.delivery import rereading
from domain.loyalty import currencies, earning_rules, rewards, wallets
from models.database import db
from models.member import Member
from models.message import Channel, Message, Topic
from models.tenant import Counting
from tasks.settings import signer
from web import languages
from web.access import public
from web.extensions import caller_address
from web.member_links import enter, keep_private

bp = Blueprint("member_pages", __name__)
bp.after_request(keep_private)

ASKED = (
    (Channel.EMAIL, (Topic.REWARDS, Topic.PROMOTIONAL, Topic.REMINDERS)),
    (Channel.SMS, (Topic.REWARDS, Topic.PROMOTIONAL, Topic.REMINDERS)),
)
MAIL_POLICY = (
    "default-src 'none'; img-src data: https:; style-src 'unsafe-inline'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation"
)
WORDING_VERSION = "preferences-1"


@dataclass(frozen=True, slots=True)
class Guest:
    """Who a link belongs to, and the topic of the message it came in: none when it came in none."""

    member: Member
    topic: str | None


@bp.get("/u/<token>")
@public
def unsubscribe(token: str) -> str:
    """One button. Opening the page changes nothing."""
    guest = _guest(token, Purpose.UNSUBSCRIBE)
    standing = consent.of_member(db.session, guest.member.id).get(Channel.EMAIL, {})
    is_closed = bool(standing) and not any(standing.get(topic, False) for topic in _topics(guest))
    return _page("unsubscribe", guest, is_closed=is_closed)


@bp.post("/u/<token>")
@public
def act_on_unsubscribe(token: str) -> Response | str:
    """Close e-mail for the message's topic, for everything, or open it again; mail programs get a bare 200."""
    guest = _guest(token, Purpose.UNSUBSCRIBE)
    wish = request.form.get("wish", "topic")
    proof = Proof(_source(), clock.now(), wording=wish, wording_version=WORDING_VERSION, address=caller_address())
    if wish == "undo":
        consent.undo(db.session, guest.member.id, _topics(guest), proof, channel=Channel.EMAIL, now=clock.now())
    elif wish == "everything":
        consent.withdraw(db.session, guest.member.id, proof, now=clock.now())
    else:
        for topic in _topics(guest):
            consent.withdraw(db.session, guest.member.id, proof, now=clock.now(), channel=Channel.EMAIL, topic=topic)
    page = None if _is_one_click() else _page("unsubscribe", guest, is_closed=wish != "undo", done=wish)
    db.session.commit()
    return page or Response(status=200)


@bp.get("/p/<token>")
@public
def preferences(token: str) -> str:
    """What the café may send, and what the guest has there."""
    guest = _guest(token, Purpose.PREFERENCES)
    return _page("preferences", guest, **_shown(guest), is_saved="saved" in request.args)


@bp.post("/p/<token>")
@public
def save_preferences(token: str) -> Response:
    """Record every answer that differs from where the guest stood."""
    guest = _guest(token, Purpose.PREFERENCES)
    proof = Proof("preferences page", clock.now(), wording_version=WORDING_VERSION, address=caller_address())
    consent.record(db.session, guest.member.id, _new_answers(guest), proof, now=clock.now())
    _note_interest(guest)
    _note_counting(guest)
    freshness.look_at(db.session(), g.tenant, guest.member.id, now=clock.now())
    db.session.commit()
    return redirect(url_for(".preferences", token=token, saved=""), code=303)


@bp.get("/p/<token>/bonus")
@public
def bonus(token: str) -> str:
    """The bonus programme: what the guest has, what is next, what a purchase earns."""
    guest = _guest(token, Purpose.PREFERENCES)
    known = currencies.of_cafe(db.session())
    return _page(
        "bonus",
        guest,
        balances=wallets.balances_of_many(db.session, [guest.member.id]).get(guest.member.id, []),
        waiting=wallets.open_rewards(db.session, guest.member.id),
        rewards=rewards.of_cafe(db.session()),
        rules=earning_rules.of_cafe(db.session()),
        names={each.id: each.name for each in known},
    )


@bp.post("/p/<token>/bonus")
@public
def open_bonus(token: str) -> Response:
    """Open that page with a button: who does shows interest. Loading it says nothing, mail scanners load too."""
    guest = _guest(token, Purpose.PREFERENCES)
    interest.note(db.session(), g.tenant, guest.member.id, interest.PAGE_OPENED, now=clock.now())
    freshness.look_at(db.session(), g.tenant, guest.member.id, now=clock.now())
    db.session.commit()
    return redirect(url_for(".bonus", token=token), code=303)


@bp.get("/v/<token>")
@public
def browser(token: str) -> Response:
    """The mail as a page of its own; nothing in it may run."""
    claim = signer().read(token, Purpose.BROWSER)
    guest = _guest(token, Purpose.BROWSER)
    message = db.session.get(Message, (claim.tenant_id, claim.message_id))
    if message is None or message.member_id != guest.member.id:
        abort(404)
    html = rereading.read(db.session, message, signer()).html
    return Response(html, headers={"Content-Security-Policy": MAIL_POLICY}, content_type="text/html; charset=utf-8")


def _guest(token: str, purpose: Purpose) -> Guest:
    claim, tenant = enter(token, purpose)
    member = db.session.get(Member, (claim.tenant_id, claim.member_id))
    if member is None or member.link_number != claim.link_number:
        abort(404)
    if member.erased_at:
        member = _kept(member)
    g.language = member.locale if member.locale in languages.LANGUAGES else tenant.locale[:2]
    return Guest(member, _topic(claim))


def _kept(member: Member) -> Member:
    """Old links of a row that was merged into another lead to that one; those of a forgotten guest nowhere."""
    kept_id = aliases.kept(db.session, [member.id]).get(member.id)
    if kept_id is None:
        abort(404)
    return db.session.get_one(Member, (member.tenant_id, kept_id))


def _topic(claim: LinkClaim) -> str | None:
    message = db.session.get(Message, (claim.tenant_id, claim.message_id)) if claim.message_id else None
    return message.topic if message else None


def _topics(guest: Guest) -> tuple[str, ...]:
    return (guest.topic,) if guest.topic else tuple(topic.value for topic in Topic)


def _source() -> str:
    return "one-click unsubscribe" if _is_one_click() else "unsubscribe page"


def _is_one_click() -> bool:
    return request.form.get("List-Unsubscribe") == "One-Click"


def _shown(guest: Guest) -> dict[str, object]:
    member = guest.member
    reach = {Channel.EMAIL: member.email, Channel.SMS: member.phone}
    return {
        "asked": [(channel, topics) for channel, topics in ASKED if reach[channel]],
        "standing": consent.of_member(db.session, member.id),
        "balances": wallets.balances_of_many(db.session, [member.id]).get(member.id, []),
        "rewards": wallets.open_rewards(db.session, member.id),
        "is_interested": interest.is_declared(db.session(), member.id),
        "is_asked_about_counting": g.tenant.counting != Counting.NEVER,
        "is_counted": counting.is_allowed(g.tenant.counting, member.may_count),
    }


def _note_interest(guest: Guest) -> None:
    """The box about the bonus programme was ticked or cleared."""
    says, said = "interest" in request.form, interest.is_declared(db.session(), guest.member.id)
    if "interest" in request.form.getlist("asked") and says != said:
        act = interest.DECLARED if says else interest.WITHDRAWN
        interest.note(db.session(), g.tenant, guest.member.id, act, now=clock.now())


def _note_counting(guest: Guest) -> None:
    """The box about opening and clicking was ticked or cleared."""
    says, said = "counting" in request.form, counting.is_allowed(g.tenant.counting, guest.member.may_count)
    if "counting" in request.form.getlist("asked") and says != said:
        counting.choose(db.session(), guest.member, allowed=says, now=clock.now())


def _new_answers(guest: Guest) -> list[Answer]:
    standing = consent.of_member(db.session, guest.member.id)
    asked = request.form.getlist("asked")
    answers = []
    for channel, topics in ASKED:
        for topic in topics:
            name = f"{channel}.{topic}"
            says, said = name in request.form, standing.get(channel, {}).get(topic, False)
            if name in asked and says != said:
                answers.append(Answer(channel, topic, granted=says))
    return answers


def _page(name: str, guest: Guest, **context: object) -> str:
    member = guest.member
    link = signer().url(LinkClaim(Purpose.PREFERENCES, member.tenant_id, member.id, link_number=member.link_number))
    return render_template(f"member_pages/{name}.html", guest=guest, member=member, preferences_url=link, **context)
