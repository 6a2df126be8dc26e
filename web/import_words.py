"""What stands on the pages about imports, in words: fields, remarks, what came of a file."""

import json
from collections.abc import Mapping
from typing import Any

from flask import Flask
from flask_babel import gettext as _
from flask_babel import ngettext

from domain.audience.imports import records
from domain.audience.imports.columns import ATTRIBUTE, CONSENTS
from domain.audience.imports.readings import Staged
from domain.loyalty.sales import Sale
from domain.outreach import purchase_rows
from domain.sentences import Sentence
from models.imports import Import
from web import filters
from web.refusal_words import in_words
from web.words import channel_words, topic_words


def init_app(app: Flask) -> None:
    """Offer the words to all templates."""
    app.jinja_env.globals.update(
        field_choices=field_choices,
        field_words=field_words,
        remark_words=remark_words,
        problem_words=problem_words,
        encoding_words=encoding_words,
        delimiter_words=delimiter_words,
        guest_facts=guest_facts,
        bill_facts=bill_facts,
        import_sentence=import_sentence,
        import_state=import_state,
        import_progress=import_progress,
        import_share=import_share,
    )


def said_words(sentence: Sentence) -> str:
    """Why a file can't be read as it is."""
    return remark_words(sentence.words, sentence.values)


def remark_words(words: str, values: Mapping[str, Any]) -> str:
    """What is said about a row, or about the whole file."""
    named = {"field": field_words(values["field"])} if "field" in values else {}
    return in_words(Sentence(words, {**values, **named}))


def problem_words(problem: Mapping[str, Any] | None) -> str:
    """Why a file was refused, or why an import ended early."""
    return remark_words(problem["words"], problem["values"]) if problem else ""


def field_words(field: str) -> str:
    """What a column means."""
    if field in CONSENTS:
        channel, topic = CONSENTS[field]
        return _("Consent: %(topic)s by %(channel)s", topic=topic_words(topic), channel=channel_words(channel))
    if field.startswith(ATTRIBUTE):
        return field.removeprefix(ATTRIBUTE)
    return (_plain_fields() | _purchase_fields()).get(field, field)


def field_choices(kind: str, header: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """What a column of such a file may mean, in groups: value and words."""
    return _purchase_choices() if kind == records.PURCHASES else _guest_choices(header)


def _guest_choices(header: str) -> list[tuple[str, list[tuple[str, str]]]]:
    own = ATTRIBUTE + header[:64]
    plain = [(name, words) for name, words in _plain_fields().items() if not name.startswith("consent_")]
    consents = [(name, field_words(name)) for name in (*CONSENTS, "consent_source", "consent_at")]
    return [
        (_("About the guest"), plain),
        (_("What they agreed to"), consents),
        (_("Else"), [(own, _("Keep as a field of my own"))]),
    ]


def _purchase_choices() -> list[tuple[str, list[tuple[str, str]]]]:
    of_purchase = [name for name in purchase_rows.OF_PURCHASE if name not in purchase_rows.MEMBER]
    groups = {
        _("About the purchase"): ("external_id", *of_purchase),
        _("Whose it is"): purchase_rows.MEMBER,
        _("What was bought"): purchase_rows.OF_ITEM,
    }
    return [(words, [(name, field_words(name)) for name in names]) for words, names in groups.items()]


def encoding_words(encoding: str) -> str:
    """An encoding as programs call it."""
    return {
        "windows-1252": _("Windows (windows-1252)"),
        "iso-8859-15": _("Latin, with the euro sign (ISO 8859-15)"),
        "utf-8": _("Unicode (UTF-8)"),
        "utf-16-le": _("Unicode (UTF-16)"),
        "mac-roman": _("Old Macs (Mac Roman)"),
        "cp850": _("Old DOS programs (code page 850)"),
    }.get(encoding, encoding)


def delimiter_words(delimiter: str) -> str:
    """What stands between cells."""
    return {";": _("semicolons"), ",": _("commas"), "\t": _("tabs"), "|": _("bars")}.get(delimiter, delimiter)


def guest_facts(said: Staged) -> list[str]:
    """What a row says about a guest, beside the name."""
    facts = [said.external_id, said.email, said.phone, said.card, said.country, said.locale]
    if said.birthday:
        facts.append(_("born %(day)s", day=filters.day(said.birthday)))
    if said.joined_on:
        facts.append(_("guest since %(day)s", day=filters.day(said.joined_on)))
    facts += json.loads(said.tags or "[]")
    facts += [f"{name}: {value}" for name, value in json.loads(said.attributes or "{}").items()]
    for channel, topic, granted, is_proven in json.loads(said.consents or "[]"):
        if not is_proven:
            continue
        words = {"topic": topic_words(topic), "channel": channel_words(channel)}
        facts.append(
            _("yes to %(topic)s by %(channel)s", **words) if granted else _("no to %(topic)s by %(channel)s", **words)
        )
    return [fact for fact in facts if fact]


def bill_facts(said: Sale) -> list[str]:
    """What the rows of a purchase say, beside its amount."""
    facts = [said.external_id, filters.moment(said.occurred_at), said.location, said.member and said.member.value]
    facts += [f"{filters.number(item.quantity)} × {item.name}" for item in said.items]
    return [fact for fact in facts if fact]


def import_sentence(row: Import) -> str:
    """What came of a file, or what would, in one line."""
    figures = row.figures
    if row.state == "uploaded":
        return _("not imported yet")
    if row.state in ("waiting", "running"):
        return import_progress(row)
    if row.state == "refused":
        return _("broken off") if row.task == "load" and row.rows_done else _("nothing was saved")
    if row.state == "undone":
        return _("taken back on %(day)s", day=filters.day(row.undone_at))
    count = figures.get("rows", 0)
    rows = ngettext("%(shown)s row", "%(shown)s rows", count, shown=filters.number(count))
    if not (figures.get("created") or figures.get("updated")):
        return _("%(rows)s, nothing new in them", rows=rows)
    counted = {name: filters.number(figures.get(name, 0)) for name in ("created", "updated")}
    if row.kind == records.PURCHASES:
        return ngettext(
            "%(rows)s: %(shown)s new purchase",
            "%(rows)s: %(shown)s new purchases",
            figures["created"],
            rows=rows,
            shown=counted["created"],
        )
    return _("%(rows)s: %(created)s new, %(updated)s changed", rows=rows, **counted)


def import_state(row: Import) -> tuple[str, str, str]:
    """How an import stands: words, tone, symbol."""
    return {
        "uploaded": (_("Columns to choose"), "look", "adjustments"),
        "waiting": (_("Under way"), "plain", "hourglass") if row.started_at else (_("Waits"), "plain", "clock"),
        "running": (_("Under way"), "plain", "hourglass"),
        "rehearsed": (_("Tried out"), "look", "flask"),
        "done": (_("Imported"), "good", "check") if not row.problem else (_("Broken off"), "stopped", "alert-circle"),
        "refused": (_("Refused"), "stopped", "x"),
        "undone": (_("Taken back"), "plain", "arrow-back-up"),
    }[row.state]


def import_progress(row: Import) -> str:
    """How far an import is, in words."""
    if row.state == "waiting" and not row.started_at:
        return _("It is next in line.")
    if row.task == "undo":
        done = sum(row.figures.get(name, 0) for name in ("removed", "put_back", "kept"))
        return ngettext("%(shown)s guest looked at", "%(shown)s guests looked at", done, shown=filters.number(done))
    if row.rows_done and row.rows_total:
        counted = {"done": filters.number(row.rows_done), "total": filters.number(row.rows_total)}
        if row.task == "rehearse":
            return _("%(done)s of %(total)s rows tried out", **counted)
        return _("%(done)s of %(total)s rows imported", **counted)
    read = row.rows_read
    return ngettext("%(shown)s row read", "%(shown)s rows read", read, shown=filters.number(read))


def import_share(row: Import) -> int | None:
    """How much of it is done, of 100; None while that can't be told. Of what is loaded reading is the longer half."""
    if row.state == "waiting" and not row.started_at:
        return 0
    if row.task == "rehearse" and row.rows_done and row.rows_total:
        return 100 * row.rows_done // row.rows_total
    if row.task != "load" or not row.rows_total:
        return None
    return 50 * (row.rows_read + row.rows_done) // row.rows_total


def _plain_fields() -> dict[str, str]:
    return {
        "external_id": _("Number"),
        "first_name": _("First name"),
        "last_name": _("Last name"),
        "email": _("E-mail"),
        "phone": _("Phone"),
        "card": _("Card"),
        "birthday": _("Birthday"),
        "joined_on": _("Guest since"),
        "locale": _("Language"),
        "timezone": _("Time zone"),
        "country": _("Country"),
        "tags": _("Tags"),
        "consent_source": _("Where they agreed"),
        "consent_at": _("When they agreed"),
    }


def _purchase_fields() -> dict[str, str]:
    return {
        "amount": _("Amount"),
        "currency": _("Currency"),
        "occurred_at": _("When"),
        "channel": _("Channel"),
        "location": _("Location"),
        "member_external_id": _("Number of the guest"),
        "member_email": _("E-mail of the guest"),
        "member_phone": _("Phone of the guest"),
        "member_card": _("Card of the guest"),
        "item_name": _("Item"),
        "item_category": _("Category"),
        "quantity": _("Quantity"),
        "item_amount": _("Amount of the item"),
    }
