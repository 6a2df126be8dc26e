"""What conditions mean: the tree goes in, the members that fulfil it come out."""

from datetime import UTC, date, datetime, timedelta

import pytest

from domain.audience import conditions
from domain.audience.conditions import Scope
from domain.errors import Unacceptable
from domain.loyalty import refunds, summaries
from domain.loyalty.sales import RefundRequest
from models.purchase import Refund
from models.segment import Segment, SegmentMember
from models.tag import MemberTag, Tag
from tests.domain.audience.questions import leaf

DAY = timedelta(days=1)


@pytest.fixture
def buy(session, make, now):
    """A purchase some days ago; `refunded` is in cents."""

    def buy(member, days_ago=0, *, cents=1000, refunded=None, at=None, items=(), **values):
        at = at or now - days_ago * DAY
        bought = make.purchase(
            member, items=items, occurred_at=at, amount_minor=cents, refunded_minor=refunded, **values
        )
        if refunded == cents:
            refund = {"amount_minor": refunded, "occurred_at": at, "content_hash": "", "source": "api"}
            session.add(Refund(purchase_id=bought.id, external_id=f"refund-{bought.id}", **refund))
            session.flush()
        summaries.recount(session, [member.id], now=now)
        return bought

    return buy


def test_everybody_and_nobody(who, person):
    person("Ada")

    assert who({"all": [leaf("member.first_name", "is_set")]}) == ["Ada"]
    assert who({"not": leaf("member.first_name", "is_set")}) == []


def test_erased_members_are_never_found(session, who, person, now):
    person("Ada").erased_at = now
    session.flush()

    assert who({"not": leaf("member.first_name", "eq", "Berta")}) == []


@pytest.mark.parametrize(
    ("tree", "found"),
    [
        (leaf("purchases.count", "eq", 0), ["Never"]),
        (leaf("purchases.count", "gte", 1), ["Often", "Once"]),
        (leaf("purchases.count", "gte", 0, window_days=30), ["Never", "Often", "Once"]),
        (leaf("purchases.count", "gte", 2, window_days=30), []),
        (leaf("purchases.count", "gte", 2, window_days=31), ["Often"]),
        (leaf("purchases.count", "lt", 1, window_days=30), ["Never"]),
        (leaf("purchases.count", "eq", 1, where={"channel": "online"}), ["Once"]),
        (leaf("purchases.count", "eq", 1, where={"channel": ["pos"]}), []),
        (leaf("purchases.count", "eq", 2, window_days=31, where={"channel": "pos"}), ["Often"]),
        (leaf("purchases.count", "eq", 0, window_days=30, where={"channel": "pos"}), ["Never", "Once"]),
        (leaf("purchases.count", "between", [1, 2], window_days=365), ["Often", "Once"]),
        (leaf("purchases.count", "eq", 3), ["Often"]),
        (leaf("purchases.sum", "gte", "30.00"), ["Often"]),
        (leaf("purchases.sum", "lt", "20"), ["Never", "Once"]),
        (leaf("purchases.average", "eq", "10.00"), ["Often", "Once"]),
        (leaf("purchases.average", "not_set"), ["Never"]),
        (leaf("purchases.last_at", "within_days", 0), ["Often"]),
        (leaf("purchases.last_at", "more_than_days_ago", 9), ["Once"]),
        (leaf("purchases.last_at", "more_than_days_ago", 10), []),
        (leaf("purchases.first_at", "more_than_days_ago", 365), ["Often"]),
        (leaf("purchases.first_at", "is_set"), ["Often", "Once"]),
        (leaf("purchases.last_at", "before", "2026-03-01T00:00:00Z"), ["Once"]),
        ({"not": leaf("purchases.last_at", "within_days", 0)}, ["Never", "Once"]),
        ({"any": [leaf("purchases.count", "eq", 0), leaf("purchases.sum", "gt", 29)]}, ["Never", "Often"]),
    ],
)
def test_purchases_are_counted_in_windows_and_channels(who, person, buy, tree, found):
    person("Never")
    buy(person("Once"), 10, channel="online")
    often = person("Often")
    for days_ago in (0, 31, 400):
        buy(often, days_ago)
    assert who(tree) == found


def test_a_purchase_refunded_in_full_never_happened_and_refunds_reduce_sums(who, person, buy):
    buy(person("Part"), refunded=400)
    buy(person("Whole"), refunded=1000)
    buy(person("Nothing"), cents=0)
    buy(person("Taken back"), cents=0, refunded=0)
    latte = [{"name": "Latte", "amount_minor": 1000, "category": "hot drinks"}]
    buy(person("Latte"), refunded=500, items=latte)
    buy(person("No latte"), refunded=1000, items=latte)

    assert who(leaf("purchases.count", "eq", 1)) == ["Latte", "Nothing", "Part"]
    assert who(leaf("purchases.sum", "eq", "6.00")) == ["Part"]
    assert who(leaf("purchases.sum", "eq", "6.00", window_days=1)) == ["Part"]
    assert who(leaf("purchases.sum", "eq", "5.00", where={"category": "hot drinks"})) == ["Latte"]
    assert who(leaf("purchases.count", "gte", 1, where={"product": "LATTE"})) == ["Latte"]


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ({"product": "latte"}, ["Monday"]),
        ({"product": "L-1"}, ["Monday"]),
        ({"product": ["latte", "apple cake"]}, ["Monday", "Sunday"]),
        ({"category": "Cakes", "weekday": "sunday"}, ["Sunday"]),
        ({"category": "cakes", "product": "latte"}, []),
        ({"weekday": "monday"}, ["Monday"]),
        ({"hour": 9}, ["Monday"]),
        ({"hour": {"op": "between", "value": [15, 17]}}, ["Sunday"]),
        ({"location": "annex"}, ["Sunday"]),
        ({"payment_method": "card"}, ["Monday"]),
        ({"amount": {"op": "gte", "value": "15"}}, ["Sunday"]),
        ({"channel": "pos", "hour": 9, "category": "hot drinks"}, ["Monday"]),
    ],
)
def test_purchases_are_told_apart_by_what_where_and_when(make, who, person, buy, where, found):
    annex = make.location(name="Annex", timezone="Europe/London")
    latte = {"name": "Latte", "sku": "l-1", "category": "Hot drinks", "amount_minor": 400}
    cake = {"name": "Apple cake", "category": "Cakes", "amount_minor": 500}
    monday, sunday = datetime(2026, 3, 2, 8, 59, tzinfo=UTC), datetime(2026, 3, 1, 15, 0, tzinfo=UTC)
    buy(person("Monday"), at=monday, items=[latte], payment_method="Card")
    buy(person("Sunday"), at=sunday, items=[cake, cake], cents=2000, location_id=annex.id)
    person("Never")

    assert who(leaf("purchases.count", "gte", 1, where=where, window_days=30)) == found
    assert who(leaf("purchases.count", "eq", 0, where=where)) == sorted({"Monday", "Sunday", "Never"} - set(found))


def test_two_lines_of_one_receipt_are_one_purchase_and_several_pieces(who, person, buy):
    cake = {"name": "Cake", "category": "Cakes", "amount_minor": 500, "quantity": 2}
    buy(person("Ada"), items=[cake, cake, {"name": "Tea", "amount_minor": 300}], cents=1300)

    assert who(leaf("purchases.count", "eq", 1, where={"product": "cake"})) == ["Ada"]
    assert who(leaf("purchases.sum", "eq", "10.00", where={"product": "cake"})) == ["Ada"]
    assert who(leaf("purchases.items", "eq", 4, where={"product": "cake"})) == ["Ada"]
    assert who(leaf("purchases.items", "eq", 5)) == ["Ada"]


def test_the_year_is_asked_about_any_day_whatever_day_the_summaries_stand_at(session, tenant, who, person, buy, now):
    buy(person("Ada"), 365)
    tree = leaf("purchases.count", "gte", 1, window_days=365)

    def found(at):
        return session.scalars(conditions.matching(tree, Scope.of(tenant, now=at))).all()

    summaries.rebuild(session, tenant, now=now)
    assert len(found(now)) == 1
    assert found(now + DAY) == []
    summaries.rebuild(session, tenant, now=now + DAY)
    assert found(now + DAY) == []
    assert len(found(now)) == 1


def test_a_day_is_the_cafes_day(who, person, buy, now):
    """At noon in Vienna, 2 February began at 23:00 UTC on the 1st."""
    buy(person("In"), at=datetime(2026, 2, 1, 23, 0, tzinfo=UTC))
    buy(person("Out"), at=datetime(2026, 2, 1, 22, 59, tzinfo=UTC))

    for where in (None, {"channel": "pos"}, {"hour": [0, 23]}):
        more = {"where": where} if where else {}
        assert who(leaf("purchases.count", "gte", 1, window_days=30, **more)) == ["In"]


@pytest.mark.parametrize(
    ("tree", "found"),
    [
        (leaf("tags", "contains", "VIP"), ["Ada"]),
        (leaf("tags", "in", ["vip", "staff"]), ["Ada", "Berta"]),
        (leaf("tags", "not_in", ["staff"]), ["Ada", "Cleo"]),
        ({"not": leaf("tags", "contains", "staff")}, ["Ada", "Cleo"]),
        (leaf("tags", "not_set"), ["Cleo"]),
        (leaf("tags", "is_set"), ["Ada", "Berta"]),
    ],
)
def test_tags(session, who, person, now, tree, found):
    tags = {name: Tag(name=name) for name in ("vip", "staff", "old")}
    tags["old"].archived_at = now
    session.add_all(tags.values())
    session.flush()
    for name, worn in (("Ada", ["vip"]), ("Berta", ["vip", "staff"]), ("Cleo", ["old"])):
        member = person(name)
        session.add_all(MemberTag(tag_id=tags[t].id, member_id=member.id, applied_at=now, source="hand") for t in worn)
    session.flush()
    if found == ["Ada"]:
        tree = {"all": [tree, {"not": leaf("tags", "in", ["staff"])}]}

    assert who(tree) == found


def test_segments_are_asked_as_they_stand(session, who, person, now):
    segment = Segment(name="Regulars", definition=leaf("purchases.count", "gte", 5))
    session.add(segment)
    session.flush()
    session.add(SegmentMember(segment_id=segment.id, member_id=person("Ada").id, since=now))
    person("Berta")
    session.flush()

    assert who(leaf("segments", "contains", segment.id)) == ["Ada"]
    assert who(leaf("segments", "not_in", [segment.id])) == ["Berta"]


@pytest.mark.parametrize(
    ("tree", "found"),
    [
        (leaf("member.first_name", "eq", "ÄNNE"), ["Änne"]),
        (leaf("member.first_name", "starts_with", "än"), ["Änne"]),
        (leaf("member.last_name", "ne", "Novak"), ["Leap", "Änne"]),
        (leaf("member.email", "contains", "@EXAMPLE"), ["Today"]),
        (leaf("member.email", "not_set"), ["Leap", "Änne"]),
        (leaf("member.card", "eq", "a-1"), ["Änne"]),
        (leaf("member.birthday", "within_days", 0), ["Today"]),
        (leaf("member.birthday_in_days", "eq", 0), ["Today"]),
        (leaf("member.birthday", "within_days", 359), ["Today"]),
        (leaf("member.birthday", "within_days", 361), ["Leap", "Today"]),
        (leaf("member.birthday_in_days", "between", [360, 361]), ["Leap"]),
        (leaf("member.birthday_month", "eq", 2), ["Leap"]),
        (leaf("member.age", "gte", 30), ["Leap", "Today"]),
        (leaf("member.age", "gt", 30), []),
        (leaf("member.joined_on", "within_days", 7), ["Änne"]),
        (leaf("member.joined_days_ago", "eq", 7), ["Änne"]),
        (leaf("member.joined_on", "more_than_days_ago", 7), ["Leap", "Today"]),
        (leaf("member.language", "eq", "de"), ["Today", "Änne"]),
        (leaf("member.country", "in", ["at", "DE"]), ["Änne"]),
        (leaf("member.completeness", "eq", 100), ["Today"]),
        (leaf("member.completeness", "lt", 60), ["Änne"]),
        (leaf("member.missing", "contains", "email"), ["Leap", "Änne"]),
        (leaf("member.missing", "not_set"), ["Today"]),
        (leaf("attributes.milk", "eq", "Oat"), ["Leap"]),
        (leaf("attributes.milk", "ne", "oat"), ["Today", "Änne"]),
        (leaf("attributes.cups", "gte", 10), ["Today"]),
        (leaf("attributes.cups", "in", [9, "12"]), ["Leap", "Today"]),
        (leaf("attributes.vegan", "eq", value=True), ["Leap"]),
        (leaf("attributes.milk", "not_set"), ["Today", "Änne"]),
    ],
)
def test_the_profile(who, person, tree, found):
    attributes = {"milk": "oat", "cups": "9", "vegan": True}
    person("Leap", last_name=None, email=None, birthday=date(1996, 2, 29), locale="en", attributes=attributes)
    person("Today", last_name="Novak", birthday=date(1996, 3, 4), locale="de_AT", attributes={"cups": 12, "milk": None})
    person("Änne", last_name="Huber", email=None, birthday=None, phone=None, card="A-1", country="AT", locale="de",
           joined_on=date(2026, 2, 25), attributes={"milk": ""})  # fmt: skip

    assert who(tree) == found


@pytest.mark.parametrize(
    ("tree", "path", "word"),
    [
        (leaf("purchase.count", "gte", 1), "definition.fact", "purchases.count"),
        (leaf("tags", "contains", "vipp"), "definition.value", "vip"),
        (leaf("tags", "in", ["vip", "gone"]), "definition.value", "gone"),
        ({"all": [leaf("segments", "in", [1, 999])]}, "definition.all.0.value", "segment"),
        (leaf("purchases.count", "eq", 1, where={"location": "nowhere"}), "definition.where.location", "nowhere"),
        (leaf("purchases.count", "eq", "many"), "definition.value", "number"),
        (leaf("purchases.count", "contains", 1), "definition.op", "gte"),
        (leaf("purchases.count", "eq", 1, window_days=0), "definition.window_days", "3650"),
        (leaf("purchases.count", "eq", 1, window_days=10_000), "definition.window_days", "3650"),
        (leaf("purchases.count", "eq", 1, where={"colour": "red"}), "definition.where.colour", "channel"),
        (leaf("purchases.count", "eq", 1, where={"hour": "nine"}), "definition.where.hour", "number"),
        (leaf("purchases.count", "eq", 1, where={"channel": "fax"}), "definition.where.channel", "pos"),
        (leaf("purchases.count", "is_set"), "definition.op", "gte"),
        (leaf("points.balance", "gte", 1, where={"currency": "gold"}), "definition.where.currency", "gold"),
        (leaf("event.custom.tasting.count", "eq", 1, where={"a b": 1}), "definition.where.a b", "a b"),
        (leaf("event.purchase.complete.count", "eq", 1), "definition.fact", "event.purchase.completed.count"),
        ({"all": [leaf("tags", "is_set")] * 101}, "definition.all", "100"),
    ],
)
def test_what_cannot_be_asked_is_refused_beside_its_field(session, make, now, tree, path, word):
    session.add_all([Tag(name="vip"), Tag(name="gone", archived_at=now)])
    session.flush()

    with pytest.raises(Unacceptable) as refused:
        conditions.check(session, tree)

    assert refused.value.errors[0].path == path
    assert word in refused.value.errors[0].message


def test_a_segment_cannot_ask_for_itself_by_way_of_others(session):
    first = Segment(name="A", definition=leaf("tags", "is_set"))
    session.add(first)
    session.flush()
    second = Segment(name="B", definition={"not": leaf("segments", "in", [first.id])})
    session.add(second)
    session.flush()

    conditions.check(session, second.definition, segment_id=second.id)
    for target in (first.id, second.id):
        with pytest.raises(Unacceptable) as refused:
            conditions.check(session, {"all": [leaf("segments", "contains", target)]}, segment_id=first.id)
        assert refused.value.errors[0].path == "definition.all.0.value"


def test_a_hundred_questions_are_answered(who, person):
    person("Ada")
    windows = [leaf("purchases.count", "lt", 3, window_days=days) for days in range(1, 51)]
    names = [leaf("tags", "not_set"), leaf("member.first_name", "eq", "Ada")] * 25

    assert who({"all": [{"all": windows}, {"all": names}]}) == ["Ada"]


@pytest.mark.parametrize("cents", [1000, 0])
def test_who_gives_a_receipt_back_later_never_bought_what_was_on_it(session, who, person, buy, now, cents):
    bought = buy(person("Ada"), cents=cents, items=[{"name": "Latte", "amount_minor": cents, "category": "hot drinks"}])
    asks = [
        leaf("purchases.count", "gte", 1, where={"product": "Latte"}),
        leaf("purchases.items", "gte", 1, where={"category": "hot drinks"}),
    ]
    assert [who(each) for each in asks] == [["Ada"], ["Ada"]]

    refund = RefundRequest("refund-1", now, cents)
    refunds.post(session, purchase_external_id=bought.external_id, source="api", refund=refund, now=now)

    assert [who(each) for each in asks] == [[], []]
