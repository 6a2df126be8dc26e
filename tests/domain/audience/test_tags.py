"""Tags of the café's own: by hand, by import, by a rule; put away and brought back."""

from datetime import date

import pytest
from sqlalchemy import select

from domain.audience import tag_holders, tagging, tags
from domain.errors import Conflict, Unacceptable
from models.event import Event
from models.segment import Segment
from models.summary import MemberSummary

BUYS = {"fact": "purchases.count", "op": "gte", "value": 1}


def has(name):
    return {"fact": "tags", "op": "contains", "value": name}


def names(session, member):
    return [held.tag.name for held in tag_holders.of_member(session, member.id)]


@pytest.fixture
def create(session, tenant, now):
    return lambda name, definition=None: tags.create(session, tenant, name=name, definition=definition, now=now)


def test_a_tag_is_put_on_once_and_told_with_who_did_it(session, create, make, now):
    tag, one, other = create("VIP"), make.member(), make.member()
    assert tags.put_on(session, tag, [one.id, other.id], actor="user:7", now=now) == 2
    assert tags.put_on(session, tag, [one.id], actor="user:8", now=now) == 0
    told = session.scalars(select(Event).where(Event.type == "tag.applied", Event.member_id == one.id)).one()
    assert told.properties == {"tag": "VIP", "actor": "user:7", "because": {}, "source": "hand"}
    assert names(session, one) == ["VIP"]


def test_who_gets_or_loses_a_tag_is_looked_at_again(session, create, make, now):
    tag, member = create("VIP"), make.member()
    tags.put_on(session, tag, [member.id], actor="user:7", now=now)
    assert session.scalars(select(MemberSummary.touched_at).where(MemberSummary.member_id == member.id)).one() == now


def test_a_tag_is_taken_off_once(session, create, make, now):
    tag, member = create("VIP"), make.member()
    tags.put_on(session, tag, [member.id], actor="user:7", now=now)
    assert tags.take_off(session, tag, [member.id], actor="user:7", now=now) == 1
    assert tags.take_off(session, tag, [member.id], actor="user:7", now=now) == 0
    assert names(session, member) == []
    told = session.scalars(select(Event).where(Event.type == "tag.lapsed")).one()
    assert told.properties["because"] == {"why": "hand"}


def test_nobody_puts_on_a_tag_that_follows_its_rule(session, create, tenant, make, now):
    tagging.recompute(session, tenant, now=now)
    built_in, own = tags.of_cafe(session)[0], create("Buyer", BUYS)
    for tag in (built_in, own):
        with pytest.raises(Conflict, match="follows its rule"):
            tags.put_on(session, tag, [make.member().id], actor="user:7", now=now)


def test_who_was_erased_gets_no_tag(session, create, make, now):
    assert tags.put_on(session, create("VIP"), [make.member(erased_at=now).id], actor="user:7", now=now) == 0


@pytest.mark.parametrize("name", ["", "  ", "a" * 61, "one,two", "a|b", "a\nb", "sleeping", "Sleeping"])
def test_a_name_that_is_none_or_is_taken_is_refused_beside_the_field(session, tenant, create, now, name):
    tagging.recompute(session, tenant, now=now)
    with pytest.raises((Unacceptable, Conflict)) as refused:
        create(name)
    assert refused.value.errors[0].path == "name"


def test_a_rule_of_ones_own_holds_at_once_and_follows_what_happens(session, tenant, create, make, now, bought):
    buyer, other = bought(), make.member()
    create("Buyer", BUYS)
    assert names(session, buyer) == ["Buyer"]
    bought(other)
    tagging.refresh(session, tenant, [other.id], now=now)
    assert "Buyer" in names(session, other)


def test_a_rule_may_ask_about_other_tags_whatever_their_order(session, tenant, create, make, now, bought):
    create("A", BUYS)
    vip = create("VIP")
    create("B", {"all": [has("a"), {"not": has("VIP")}]})
    plain, special = bought(), bought()
    tags.put_on(session, vip, [special.id], actor="user:7", now=now)
    tagging.recompute(session, tenant, now=now)
    assert {"A", "B"} <= set(names(session, plain))
    assert "B" not in names(session, special)


def test_tags_do_not_depend_on_themselves(session, tenant, create, now):
    first = create("A", BUYS)
    create("B", has("A"))
    with pytest.raises(Unacceptable, match="circle: a → b → a"):
        tags.change(session, tenant, first, words="", definition=has("B"), now=now)


def test_a_tag_does_not_ask_about_segments(session, create, make):
    segment = Segment(name="Buyers", definition=BUYS)
    session.add(segment)
    session.flush()
    with pytest.raises(Unacceptable, match="cannot ask about segments"):
        create("A", {"fact": "segments", "op": "contains", "value": segment.id})


def test_a_tag_that_somebody_asks_for_is_not_archived(session, create, now):
    vip = create("VIP")
    session.add(Segment(name="Special", definition={"all": [BUYS, has("vip")]}))
    create("Dear", has("VIP"))
    with pytest.raises(Conflict, match="“Special”, “Dear”"):
        tags.archive(session, vip, now=now)


def test_an_archived_tag_is_nowhere_until_it_is_brought_back(session, tenant, create, make, now):
    vip, member = create("VIP"), make.member()
    tags.put_on(session, vip, [member.id], actor="user:7", now=now)
    tags.archive(session, vip, now=now)
    assert names(session, member) == []
    assert tag_holders.names_of_many(session, [member.id]) == {}
    assert vip not in tags.of_cafe(session)
    tags.restore(session, tenant, vip, now=now)
    assert names(session, member) == ["VIP"]


def test_what_every_cafe_has_is_neither_changed_nor_archived(session, tenant, now):
    tagging.recompute(session, tenant, now=now)
    tag = tags.of_cafe(session)[0]
    with pytest.raises(Conflict):
        tags.archive(session, tag, now=now)
    with pytest.raises(Conflict):
        tags.change(session, tenant, tag, words="other", now=now)


def test_a_file_brings_tags_by_name_and_makes_those_that_nobody_knows(session, tenant, create, make, now):
    tagging.recompute(session, tenant, now=now)
    create("VIP")
    one, other = make.member(birthday=date(1990, 1, 1)), make.member(birthday=date(1990, 1, 1))
    refused = tags.put_on_by_name(
        session,
        {"vip": [one.id], "Stammtisch": [one.id, other.id], "sleeping": [one.id], "a,b": [one.id]},
        source="import",
        actor="import:3",
        now=now,
    )
    assert refused == ["sleeping", "a,b"]
    assert names(session, one) == ["VIP", "Stammtisch"]
    assert names(session, other) == ["Stammtisch"]


def test_the_list_counts_and_names_the_oldest_and_the_newest(session, create, make, now):
    tag, empty = create("VIP"), create("Nobody")
    people = [make.member() for _ in range(3)]
    for member in people:
        tags.put_on(session, tag, [member.id], actor="user:7", now=now)
    found = tag_holders.of_all(session)
    assert empty.id not in found
    assert found[tag.id].count == 3
    assert (found[tag.id].oldest.member, found[tag.id].newest.member) == (people[0], people[2])


def test_the_members_of_a_tag_come_in_pages_newest_first(session, create, make, now):
    tag, people = create("VIP"), [make.member() for _ in range(5)]
    tags.put_on(session, tag, [each.id for each in people], actor="user:7", now=now)
    first = tag_holders.of_tag(session, tag.id, limit=3)
    rest = tag_holders.of_tag(session, tag.id, before=(first[-1].applied_at, first[-1].member.id), limit=3)
    assert [each.member for each in [*first, *rest]] == people[::-1]
