"""Rewards: what guests can earn, and the words they hear when they reach it."""

from dataclasses import dataclass, replace
from typing import Any

from flask import Blueprint, Response, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from domain import clock
from domain.content import designs, templates
from domain.content.templates import EmailPreview, TextPreview
from domain.delivery import accounts, counted_links, trials
from domain.errors import Refusal, Unacceptable
from domain.insight import mailing
from domain.insight import rewards as standing
from domain.loyalty import currencies, rewards
from domain.outreach import previews, reward_setup
from domain.outreach.reward_setup import Words
from models.database import db
from models.message import Channel
from models.reward import Reward
from tasks.queues import nudge_delivery
from tasks.settings import signer
from web import reward_words as say
from web.access import requires
from web.forms.reward import KINDS, RewardForm
from web.refusal_words import in_words
from web.tenancy import CAFE

bp = Blueprint("rewards", __name__, url_prefix=f"{CAFE}/rewards")

PERSONAS = ("near", "no_name", "longest", "german")
FROM_RULES = {
    "discount": "item",
    "discount.item": "item",
    "discount.percent": "percent",
    "discount.amount": "amount",
    "messages.channels": "enabled",
    "messages.delay_minutes": "delay_minutes",
    "messages.control_group_percent": "control_group_percent",
}
IFRAME_POLICY = "default-src 'none'; img-src data: https:; style-src 'unsafe-inline'; sandbox"


@dataclass(frozen=True, slots=True)
class Preview:
    """What one reader would get: the parts of the channels chosen, and what is wrong with them."""

    as_who: str
    who: str
    sms: TextPreview | None
    subject: str | None
    html: str | None
    problems: list[str]


@bp.get("/")
@requires("see_rewards")
def index() -> str:
    """The café's rewards with how they are used."""
    return render_template("rewards/index.html", rewards=standing.listed(db.session))


@bp.route("/new", methods=["GET", "POST"])
@requires("edit_rewards")
def new() -> Response | str | tuple[str, int]:
    form = _form(None)
    return _editor(form, None) if request.method == "GET" else _save(form, None)


@bp.route("/<int:reward_id>", methods=["GET", "POST"])
@requires("edit_rewards")
def edit(reward_id: int) -> Response | str | tuple[str, int]:
    reward = rewards.get(db.session, reward_id)
    form = _form(reward)
    return _editor(form, reward) if request.method == "GET" else _save(form, reward)


@bp.post("/<int:reward_id>/archive")
@requires("edit_rewards")
def archive(reward_id: int) -> Response:
    """No more unlocks from now on; what was unlocked can still be used."""
    rewards.archive(db.session, reward_id, now=clock.now())
    db.session.commit()
    flash(_("It cannot be unlocked any more. What guests have already stays theirs."))
    return redirect(url_for(".index"), code=303)


@bp.post("/preview")
@requires("edit_rewards")
def preview() -> str:
    """What is typed, as one reader would get it."""
    return render_template("rewards/_preview.html", wants_fragment=True, **_shown_beside(_form(None)))


@bp.post("/preview-email")
@requires("edit_rewards")
def preview_email() -> Response:
    """The e-mail alone, for the frame that shows it: no scripts, no forms, its own styles."""
    html = _preview(_form(None)).html or ""
    return Response(html, headers={"Content-Security-Policy": IFRAME_POLICY}, content_type="text/html; charset=utf-8")


@bp.post("/<int:reward_id>/test")
@requires("send_test")
def send_test(reward_id: int) -> Response | tuple[str, int]:
    """What is typed, sent to the person's own address through the café's own gateway."""
    reward, form = rewards.get(db.session, reward_id), _form(None)
    gateway, refusal = accounts.in_service(db.session, Channel.EMAIL), None
    shown = _email(form, _reader(form)) if form.email.data and not _preview(form).problems else None
    if gateway is None:
        refusal = _("Connect a gateway for e-mail first: a test goes to your own address.")
    elif shown is None:
        refusal = _("Choose e-mail and write it first: a test goes to your own address.")
    if gateway is None or shown is None:
        return _editor(form, reward, refusal), 422
    address = current_user.email
    now = clock.now()
    trials.plan(db.session, gateway, to=address, subject=shown.subject, html=shown.html, text=shown.text, now=now)
    gateway_id = gateway.id
    db.session.commit()
    nudge_delivery(g.tenant.id, gateway_id)
    flash(_("A test is on its way to %(address)s.", address=address))
    return redirect(url_for(".edit", reward_id=reward_id), code=303)


def _form(reward: Reward | None) -> RewardForm:
    form = RewardForm(data=_standing(reward))
    form.currency.choices = [(each.code, each.name) for each in currencies.of_cafe(db.session)]
    return form


def _standing(reward: Reward | None) -> dict[str, Any]:
    if reward is None:
        words = reward_setup.default_words({"item": ""})
        start = {"threshold": 100, "valid_days": 60, "repeatable": True, "enabled": True, "email": True, "kind": "item"}
        return start | _words_as_data(words)
    told = rewards.describe(db.session, reward)
    kind, value = next(iter(told["discount"].items()))
    messages, quiet = told["messages"], told["messages"]["quiet_hours"]
    data = {field: told[field] for field in ("name", "currency", "threshold", "cost", "valid_days", "repeatable")}
    data |= {"kind": kind, kind: value, "enabled": messages["enabled"], "delay_minutes": messages["delay_minutes"]}
    data["control_group_percent"] = messages["control_group_percent"]
    data |= {"quiet": f"{quiet['from']}-{quiet['to']}" if quiet else ""}
    data |= {channel: channel in messages["channels"] for channel in (Channel.SMS, Channel.EMAIL)}
    return data | _words_as_data(reward_setup.words_of(db.session, reward))


def _words_as_data(words: Words) -> dict[str, str]:
    return {"sms_body": words.sms_body, "email_subject": words.email_subject, "email_body": words.email_body}


def _words(form: RewardForm) -> Words:
    return Words(form.sms_body.data or "", form.email_subject.data or "", form.email_body.data or "")


def _channels(form: RewardForm) -> list[str]:
    return [channel for channel in (Channel.SMS, Channel.EMAIL) if form[channel].data]


def _values(form: RewardForm) -> dict[str, Any]:
    quiet = form.quiet_hours
    hours = {"from": _clock(quiet[0]), "to": _clock(quiet[1])} if quiet else None
    return {
        "name": form.name.data or "",
        "currency": form.currency.data,
        "threshold": form.threshold.data,
        "cost": form.threshold.data if form.cost.data is None else form.cost.data,
        "discount": form.discount,
        "valid_days": form.valid_days.data,
        "repeatable": form.repeatable.data,
        "messages": {
            "enabled": form.enabled.data,
            "delay_minutes": form.delay_minutes.data,
            "quiet_hours": hours,
            "control_group_percent": form.control_group_percent.data or 0,
        },
    }


def _save(form: RewardForm, reward: Reward | None) -> Response | tuple[str, int]:
    refusal = None
    if form.validate():
        try:
            saved = reward_setup.save(
                db.session,
                g.tenant,
                reward,
                _values(form),
                channels=_channels(form),
                words=_words(form),
                now=clock.now(),
            )
            db.session.commit()
        except Refusal as refused:
            refusal = form.show(_on_the_form(refused))
        else:
            flash(_("Saved. The next guest who unlocks it hears from you.") if saved.messages_enabled else _("Saved."))
            return redirect(url_for(".edit", reward_id=saved.id), code=303)
    return _editor(form, reward, refusal or _("Something is not right yet: see the fields below.")), 422


def _on_the_form(refused: Refusal) -> Refusal:
    errors = [replace(each, path=FROM_RULES.get(each.path, each.path)) for each in refused.errors]
    return Unacceptable(refused.detail, errors)


def _editor(form: RewardForm, reward: Reward | None, refusal: str | None = None) -> str:
    return render_template(
        "rewards/edit.html",
        form=form,
        reward=reward,
        refusal=refusal,
        facts=say.facts(standing.of(db.session, reward)) if reward else None,
        mailing=mailing.of_cause(db.session, f"reward:{reward.id}") if reward else None,
        reach=standing.reach(db.session),
        agreed=say.agreed,
        default_texts={kind: designs.reward_text({kind: ""}) for kind, _words in KINDS},
        gaps=[(source, say.gap_words(name)) for name, source in say.PLACEHOLDERS],
        **_shown_beside(form),
    )


def _shown_beside(form: RewardForm) -> dict[str, Any]:
    shown = _preview(form)
    return {
        "preview": shown,
        "personas": _personas(),
        "sms_size": say.sms_size(form.sms_body.data or "", shown.sms),
        "when_words": say.when(form.delay_minutes.data, form.quiet_hours, clock.now()),
    }


def _preview(form: RewardForm) -> Preview:
    persona = request.form.get("as", "near")
    persona = persona if persona in PERSONAS else "near"
    reader, problems = _reader(form, persona), []
    text, mail = None, None
    for channel in _channels(form):
        try:
            shown = _shown(form, channel, reader)
        except Unacceptable as refused:
            problems += [in_words(each.message) for each in refused.errors] or [in_words(refused.detail)]
            continue
        text, mail = (text, shown) if isinstance(shown, EmailPreview) else (shown, mail)
    who = say.reader(reader, form.currency.data)
    return Preview(persona, who, text, mail and mail.subject, mail and mail.html, problems)


def _reader(form: RewardForm, persona: str = "near") -> previews.Reader:
    return previews.reader(
        db.session, g.tenant, persona, currency=form.currency.data or "", threshold=form.threshold.data or 0
    )


def _email(form: RewardForm, reader: previews.Reader) -> EmailPreview | None:
    shown = _shown(form, Channel.EMAIL, reader)
    return shown if isinstance(shown, EmailPreview) else None


def _shown(form: RewardForm, channel: str, reader: previews.Reader) -> EmailPreview | TextPreview:
    wording = reward_setup.wording(channel, form.name.data or "-", _words(form))
    draft = templates.draft(db.session, g.tenant, wording)
    known = previews.values_of(db.session, reader.member, previews.names_in(draft)) if reader.member else {}
    values = known | dict(reader.values or {})
    values |= previews.reward_values(g.tenant, _values(form), reader.locale, now=clock.now())
    link = counted_links.example(signer(), g.tenant, reader.member) if channel == Channel.SMS else None
    return templates.preview(draft, values, locale=reader.locale, counted_link=link)


def _personas() -> list[tuple[str, str]]:
    names = (_("close to it"), _("no name"), _("longest name"), _("German"))
    return list(zip(PERSONAS, names, strict=True))


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
