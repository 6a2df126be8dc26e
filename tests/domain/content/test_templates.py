from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from domain.content import designs, templates
from domain.content.sms import Encoding
from domain.content.templates import EmailPreview, TextPreview
from domain.content.wordings import Wording
from domain.errors import NotFound, Unacceptable
from domain.tenant_scope import tenant_scope
from models.template import Template, TemplateVersion

MAIL = Wording(name="Reward", channel="email", subject="Hi {{ member.first_name }}", body=designs.REWARD_TEXT)
TEXT = Wording(name="Reward", channel="sms", body=designs.REWARD_TEXT)


def refused(session, tenant, now, wording):
    with pytest.raises(Unacceptable) as refusal:
        templates.save(session, tenant, wording, now=now)
    assert session.scalar(select(func.count()).select_from(Template)) == 0
    return {each.path: each.message for each in refusal.value.errors}


def numbers(session):
    return list(session.scalars(select(TemplateVersion.number).order_by(TemplateVersion.number)))


def test_an_email_is_compiled_once_when_saved(session, tenant, now):
    template = templates.save(session, tenant, MAIL, now=now)
    version = templates.current(session, template)

    assert version.number == 1
    assert version.subject == "Hi {{ member.first_name }}"
    assert "<!DOCTYPE html>" in version.html
    assert designs.REWARD_TEXT in version.html
    assert designs.REWARD_TEXT in version.text
    assert "{{ links.unsubscribe }}" in version.html
    assert "{{ links.unsubscribe }}" in version.text
    assert tenant.colour in version.html


def test_a_change_makes_a_new_version_and_leaves_the_old_one_alone(session, tenant, now):
    template = templates.save(session, tenant, TEXT, now=now)
    templates.save(session, tenant, replace(TEXT, body="New"), now=now + timedelta(days=1), template=template)

    assert numbers(session) == [1, 2]
    assert templates.current(session, template).text == "New"
    assert session.scalar(select(TemplateVersion.text).where(TemplateVersion.number == 1)) == designs.REWARD_TEXT


def test_saving_the_same_again_makes_no_new_version(session, tenant, now):
    template = templates.save(session, tenant, MAIL, now=now)
    templates.save(session, tenant, replace(MAIL, name="Other name"), now=now, template=template)

    assert numbers(session) == [1]
    assert template.name == "Other name"


def test_a_refused_change_changes_nothing(session, tenant, now):
    template = templates.save(session, tenant, TEXT, now=now)
    with pytest.raises(Unacceptable):
        templates.save(session, tenant, replace(TEXT, name="X", body="{{ x }}"), now=now, template=template)

    assert (template.name, template.body, numbers(session)) == ("Reward", designs.REWARD_TEXT, [1])


def test_640_characters_are_saved_and_641_are_one_too_many(session, tenant, now):
    message = refused(session, tenant, now, replace(TEXT, body="x" * 641))["body"]

    assert message.startswith("1 too many")
    assert templates.save(session, tenant, replace(TEXT, body="x" * 640), now=now)


@pytest.mark.parametrize(
    ("wording", "paths"),
    [
        (replace(MAIL, subject=None), {"subject"}),
        (replace(MAIL, subject=" "), {"subject"}),
        (replace(MAIL, subject="a\r\nBcc: x@example.com"), {"subject"}),
        (replace(MAIL, subject="x" * 251), {"subject"}),
        (replace(MAIL, subject="{{ nobody }}"), {"subject"}),
        (replace(MAIL, body=None), {"body"}),
        (replace(MAIL, body="  "), {"body"}),
        (replace(MAIL, body="<b {{ member.first_name }}>x</b>"), {"body"}),
        (replace(MAIL, blocks=[{"type": "divider"}]), {"body"}),
        (replace(MAIL, body=None, blocks=[{"type": "text", "text": "{{ a }}"}, {"type": "x"}]), {"blocks.1"}),
        (replace(MAIL, body=None, blocks=[{"type": "text", "text": "{{ a }}"}]), {"blocks.0.text"}),
        (replace(MAIL, name=""), {"name"}),
        (replace(MAIL, name="x" * 121, subject="", body=""), {"name", "subject", "body"}),
        (replace(TEXT, body=None), {"body"}),
        (replace(TEXT, subject="Hi"), {"subject"}),
        (replace(TEXT, blocks=[{"type": "divider"}]), {"blocks"}),
        (replace(TEXT, body="{{ balance.gold }}"), {"body"}),
        (replace(TEXT, body="{{ lot.amount }}", occasion="reward"), {"body"}),
        (replace(TEXT, occasion="tuesday"), {"occasion"}),
        (replace(TEXT, channel="pigeon"), {"channel"}),
    ],
)
def test_every_problem_is_told_beside_its_field(session, tenant, now, wording, paths):
    assert set(refused(session, tenant, now, wording)) == paths


def test_balances_of_the_cafes_own_currencies_may_be_used(session, tenant, make, now):
    make.currency("stars")

    assert templates.save(session, tenant, replace(TEXT, body="{{ balance.stars }} stars"), now=now)


def test_a_template_keeps_its_channel(session, tenant, now):
    template = templates.save(session, tenant, TEXT, now=now)
    with pytest.raises(Unacceptable):
        templates.save(session, tenant, MAIL, now=now, template=template)


def test_a_preview_of_a_text_says_what_it_takes_to_send(session, tenant, now):
    content = templates.draft(session, tenant, replace(TEXT, body="Hi {{ member.first_name }} {{ reward.discount }}"))

    preview = templates.preview(content, {"member.first_name": "Жанна"}, locale="en")

    assert preview == TextPreview("Hi Жанна 10%", Encoding.UCS_2, 12, 1)


def test_a_preview_of_an_email_shows_the_three_parts(session, tenant, now):
    template = templates.save(session, tenant, MAIL, now=now)

    preview = templates.preview(templates.current(session, template), {"member.first_name": "<Nora>"}, locale="en")

    assert isinstance(preview, EmailPreview)
    assert preview.subject == "Hi <Nora>"
    assert "get 10% off" in preview.html
    assert "get 10% off" in preview.text
    assert "{{" not in preview.html + preview.text


def test_a_template_fits_an_occasion_that_fills_all_its_gaps(session, tenant, now):
    template = templates.save(session, tenant, MAIL, now=now)
    lots = templates.save(session, tenant, replace(TEXT, body="{{ lot.amount }} expire"), now=now)

    templates.check_fits(session, template, "reward")
    with pytest.raises(Unacceptable) as refusal:
        templates.check_fits(session, lots, "reward")
    assert "lot.amount" in refusal.value.errors[0].message


def test_an_archived_template_leaves_the_list_and_stays_readable(session, tenant, now):
    first, second = (templates.save(session, tenant, replace(TEXT, name=name), now=now) for name in "AB")
    templates.archive(session, first, now=now)

    assert list(session.scalars(templates.listed())) == [second]
    assert templates.get(session, first.id) is first


def test_the_list_is_of_one_channel_and_goes_on_after_a_number(session, tenant, now):
    sms, mail = (templates.save(session, tenant, each, now=now) for each in (TEXT, MAIL))

    assert list(session.scalars(templates.listed(channel="email"))) == [mail]
    assert list(session.scalars(templates.listed(before_id=mail.id))) == [sms]


def test_another_cafes_template_is_not_found(session, tenant, make, now):
    template_id, stranger = templates.save(session, tenant, TEXT, now=now).id, make.tenant().id
    session.commit()

    with tenant_scope(stranger), pytest.raises(NotFound):
        templates.get(session, template_id)


def test_what_was_typed_can_be_taken_up_again(session, tenant, now):
    blocks = [{"type": "heading", "text": "Hi"}, {"type": "divider"}]
    wording = replace(MAIL, body=None, blocks=blocks)

    assert templates.wording_of(templates.save(session, tenant, wording, now=now)) == wording
