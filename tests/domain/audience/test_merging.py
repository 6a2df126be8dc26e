"""Two rows become one member: nothing is lost, nothing is doubled, and whoever knew the other finds the one."""

import threading
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select, text

from domain.audience import aliases, consent, members, merging
from domain.audience.consent import Answer, Proof
from domain.delivery import outbox
from domain.errors import Conflict, NotFound, Unacceptable
from domain.loyalty import purchases, summaries
from domain.loyalty.sales import MemberRef, Sale
from domain.outreach import reactions
from models.consent import Consent
from models.event import Event
from models.ledger import Balance, LedgerEntry, Lot
from models.member import Member
from models.merge import MemberMerge
from models.message import Message
from models.purchase import Purchase
from models.reward import RewardEvent
from models.summary import MemberSummary
from models.tag import MemberTag, Tag
from tests.factories import LONG_AGO, Make
from tests.waiting import until

BLOCKED = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()")


@pytest.fixture
def kept(make):
    return make.member(
        external_id="K", first_name="Eva", last_name=None, email="eva@example.com", phone=None, card="c-1"
    )


@pytest.fixture
def gone(make):
    return make.member(external_id="G", first_name="Evi", last_name="Huber", email="EVI@example.com", card="c-2",
                       phone="+436641234567", birthday=date(1990, 5, 17), joined_on=date(2024, 6, 1),
                       attributes={"milk": "oat"})  # fmt: skip


@pytest.fixture
def join(session, kept, gone, now):
    def joined(**choices: str):
        merged = merging.merge(session, kept.id, gone.id, choices=choices, actor="user:1", now=now)
        session.expire_all()
        return merged

    return joined


def test_the_profile_takes_what_was_chosen_and_fills_its_gaps(join, kept):
    join(first_name="gone")

    assert (kept.first_name, kept.last_name, kept.email) == ("Evi", "Huber", "eva@example.com")
    assert (kept.phone, kept.birthday, kept.joined_on) == ("+436641234567", date(1990, 5, 17), date(2024, 6, 1))
    assert kept.attributes == {"milk": "oat"}


@pytest.mark.parametrize(
    ("own", "others", "left"), [(None, False, False), (True, False, False), (False, True, False), (None, True, True)]
)
def test_of_two_words_about_being_counted_the_no_stands(join, kept, gone, own, others, left):
    kept.may_count, gone.may_count = own, others
    join()

    assert kept.may_count is left


def test_the_row_that_went_is_blank_and_the_merge_is_kept(session, join, kept, gone):
    join()

    assert (gone.first_name, gone.email, gone.card, gone.external_id) == (None, None, None, f"merged-{gone.id}")
    merge = session.scalars(select(MemberMerge)).one()
    assert (merge.kept_id, merge.gone_id, merge.actor) == (kept.id, gone.id, "user:1")
    assert merge.details == {"taken": ["birthday", "last_name", "phone"]}


@pytest.mark.parametrize(
    "reference",
    [{"external_id": "G"}, {"email": "evi@EXAMPLE.com"}, {"card": "c-2"}, {"card": "c-1"}, {"phone": "0664 1234567"}],
)
def test_every_old_name_finds_the_one_who_was_kept(session, tenant, join, kept, reference):
    join()

    assert members.find(session, tenant, reference) is kept


def test_what_a_program_tells_about_the_old_number_changes_the_one_who_was_kept(session, tenant, join, kept, now):
    join()
    told = {"email": "evi@example.com", "card": "c-2", "birthday": date(1990, 5, 18)}

    upserted = members.upsert(session, tenant, "G", told, now=now)

    assert (upserted.member.id, upserted.is_new) == (kept.id, False)
    assert (kept.email, kept.card, kept.birthday) == ("eva@example.com", "c-1", date(1990, 5, 18))


def test_nobody_else_gets_an_address_of_the_row_that_went(session, tenant, join, now):
    join()

    with pytest.raises(Conflict) as refused:
        members.upsert(session, tenant, "new", {"card": "c-2"}, now=now)
    assert [each.path for each in refused.value.errors] == ["card"]


def test_points_purchases_and_their_story_come_together(session, make, join, kept, gone, now):
    make.points(kept, 30)
    make.points(gone, 45)
    make.purchase(gone, occurred_at=now - timedelta(days=3))
    make.event("custom.tasting", gone)
    join()

    assert session.execute(select(Balance.member_id, Balance.available)).all() == [(kept.id, 75)]
    for table in (LedgerEntry, Lot, Purchase, Event):
        assert set(session.scalars(select(table.member_id))) == {kept.id}
    assert session.scalars(select(MemberSummary.purchases)).all() == [1]


@pytest.mark.parametrize(("owed", "had"), [(20, 50), (60, 50), (50, 50), (20, 0)])
def test_what_one_owed_is_paid_by_the_points_of_the_other(session, make, join, kept, gone, now, owed, had):
    currency = make.currency()
    for points in filter(None, (had - had // 2, had // 2)):
        make.points(gone, points)
    entry = LedgerEntry(
        member_id=kept.id, currency_id=currency.id, points=-owed, kind="reversed", cause="refund:1", occurred_at=now
    )
    session.add_all([entry, Balance(member_id=kept.id, currency_id=currency.id, available=-owed, pending=0)])
    session.flush()
    join()

    assert session.scalar(select(Balance.available)) == had - owed
    assert session.scalar(select(func.coalesce(func.sum(Lot.remaining), 0))) == max(had - owed, 0)
    assert session.scalar(select(func.sum(LedgerEntry.points))) == had - owed


def test_points_that_reach_a_reward_together_unlock_it_once(session, make, join, kept, gone, now):
    reward = make.reward(threshold=100, channels=["email"])
    make.gateway("email")
    make.consent(kept, "email")
    make.points(kept, 60)
    make.points(gone, 60)

    merged = join()
    planned = reactions.answer(session, unlocked=merged.unlocked, closed=merged.closed, now=now)

    assert [each.reward_id for each in merged.unlocked] == [reward.id]
    assert planned == 1


def test_points_that_had_reached_a_reward_before_unlock_nothing_new(session, make, join, kept, gone):
    reward = make.reward(threshold=100)
    make.points(gone, 120)
    make.reward_event(gone, reward=reward, state="redeemed")
    make.points(kept, 10)

    assert join().unlocked == []


def test_of_two_open_unlocks_of_one_reward_the_longer_one_stays(session, make, join, kept, gone, now):
    reward = make.reward()
    short = make.reward_event(kept, reward=reward, valid_until=now + timedelta(days=1))
    long = make.reward_event(gone, reward=reward, valid_until=now + timedelta(days=9))
    make.reward_event(gone, reward=reward, number=2, state="expired")

    assert join().closed == [short.id]
    states = dict(session.execute(select(RewardEvent.id, RewardEvent.state)).all())
    assert (states[short.id], states[long.id]) == ("withdrawn", "open")
    assert sorted(session.scalars(select(RewardEvent.number))) == [1, 2, 3]


def test_of_two_answers_the_no_counts_and_only_a_later_yes_opens_again(session, join, kept, gone, now):
    promotions = [Answer("email", "promotional", granted=True)]
    consent.record(session, kept.id, promotions, Proof("page", now - timedelta(days=1)), now=now)
    noes = [Answer("email", "promotional", granted=False)]
    consent.record(session, gone.id, noes, Proof("page", now - timedelta(days=9)), now=now)
    yes = [Answer("email", "rewards", granted=True)]
    consent.record(session, gone.id, yes, Proof("page", now - timedelta(days=9)), now=now)
    join()

    assert consent.of_member(session, kept.id) == {"email": {"promotional": False, "rewards": True}}
    assert set(session.scalars(select(Consent.member_id))) == {kept.id}
    assert consent.record(session, kept.id, promotions, Proof("import", now - timedelta(hours=1)), now=now) == []
    later = now + timedelta(hours=1)
    assert consent.record(session, kept.id, promotions, Proof("page", later), now=later) == promotions


def test_a_no_that_comes_in_for_the_row_that_went_counts_for_the_one_who_was_kept(session, make, join, kept, gone, now):
    make.consent(kept, "email")
    join()
    later = now + timedelta(minutes=1)

    consent.withdraw(session, gone.id, Proof("one-click unsubscribe", later), now=later, channel="email")

    assert consent.of_member(session, kept.id)["email"]["rewards"] is False


def test_one_message_per_occasion_is_left_and_the_one_that_was_sent_counts(session, make, join, kept, gone):
    def both(occasion, of_kept, of_gone):
        for member, state in ((kept, of_kept), (gone, of_gone)):
            reason = {"reason": "no_consent"} if state == "skipped" else {}
            make.message(member, cause="campaign:1", occasion=occasion, state=state, **reason)

    both("waiting both", "planned", "planned")
    both("sent to gone", "planned", "sent")
    both("sent to kept", "sent", "claimed")
    both("skipped for kept", "skipped", "planned")
    make.message(gone, cause="campaign:1", occasion="gone only", state="claimed", claimed_by="w")
    join()

    told = {row.occasion: (row.state, row.reason) for row in session.scalars(select(Message))}
    end = f"#{gone.id}"
    assert told == {
        "waiting both": ("planned", None), f"waiting both{end}": ("cancelled", "duplicate"),
        "sent to gone": ("cancelled", "duplicate"), f"sent to gone{end}": ("sent", None),
        "sent to kept": ("sent", None), f"sent to kept{end}": ("cancelled", "duplicate"),
        "skipped for kept": ("skipped", "no_consent"), f"skipped for kept{end}": ("planned", None),
        "gone only": ("planned", None),
    }  # fmt: skip
    assert set(session.scalars(select(Message.member_id))) == {kept.id}


def test_a_letter_in_the_hands_of_a_worker_is_written_anew_to_the_address_that_was_kept(
    session, make, join, kept, gone, now
):
    account = make.gateway("email")
    for each in (kept, gone):
        make.consent(each, "email")
    make.message(gone)
    outbox.claim(session, account, "instant", owner="w", limit=9, now=now)
    join()

    [again] = outbox.claim(session, account, "instant", owner="w2", limit=9, now=now).messages
    assert again.member_id == kept.id


def test_a_tag_that_both_had_is_kept_once(session, join, kept, gone):
    both, one = Tag(name="regular"), Tag(name="likes oat milk")
    session.add_all([both, one])
    session.flush()
    for tag, member in ((both, kept), (both, gone), (one, gone)):
        session.add(MemberTag(tag_id=tag.id, member_id=member.id, applied_at=LONG_AGO, source="hand"))
    session.flush()
    join()

    assert [row.member_id for row in session.scalars(select(MemberTag))] == [kept.id, kept.id]


def test_joined_again_everybody_leads_to_the_last_one(session, tenant, make, join, kept, gone, now):
    join()
    third = make.member(external_id="T")
    merging.merge(session, third.id, kept.id, choices={}, actor="user:1", now=now)

    assert members.get(session, "G").id == members.get(session, "K").id == third.id
    assert aliases.kept(session, [gone.id, kept.id]) == {gone.id: third.id, kept.id: third.id}


def test_one_with_oneself_and_with_somebody_who_is_gone_is_refused(session, join, kept, gone, now):
    with pytest.raises(Unacceptable):
        merging.pair(session, "K", "K")
    with pytest.raises(NotFound):
        merging.pair(session, "K", "nobody")
    join()
    with pytest.raises(NotFound):
        merging.merge(session, kept.id, gone.id, choices={}, actor="user:1", now=now)


def test_the_app_cannot_move_entries_without_a_merge(session, make, kept, gone):
    make.points(gone, 5)
    session.execute(text("SELECT move_to_kept(:gone, :kept)"), {"gone": gone.id, "kept": kept.id})

    assert session.scalars(select(LedgerEntry.member_id)).all() == [gone.id]


@pytest.fixture
def cafe(database, now):
    """A committed café with two rows of one guest, ten points to a free coffee."""
    with database.session() as session:
        tenant_id = Make(session).tenant().id
        session.commit()
    with database.session(tenant_id) as session:
        make = Make(session)
        make.earning_rule()
        make.reward(threshold=10)
        for number in ("K", "G"):
            make.points(make.member(external_id=number), 4)
        session.commit()
    return tenant_id


def _ids(session) -> dict[str, int]:
    return dict(session.execute(select(Member.external_id, Member.id)).all())


def _sale(number: str, member: str, now) -> Sale:
    return Sale(number, MemberRef("external_id", member), 300, "EUR", now)


def test_a_purchase_that_waits_for_the_merge_is_booked_to_the_one_who_was_kept(database, cafe, now):
    posted = []

    def buy() -> None:
        with database.session(cafe) as own:
            posted.append(purchases.post(own, _sale("r1", "G", now), now=now))
            own.commit()

    with database.session(cafe) as joining, database.session(cafe) as watching:
        ids = _ids(joining)
        merging.merge(joining, ids["K"], ids["G"], choices={}, actor="user:1", now=now)
        thread = threading.Thread(target=buy)
        thread.start()
        until(lambda: _blocked(watching), what="the purchase waits")
        joining.commit()
        thread.join()

        assert posted[0].member_id == ids["K"]
        assert [each.reward_event_id for each in posted[0].unlocked]
        assert _balances(watching) == [(ids["K"], 11)]


def test_a_purchase_that_was_first_moves_with_its_row(database, cafe, now):
    with database.session(cafe) as buying, database.session(cafe) as watching:
        ids = _ids(watching)
        purchases.post(buying, _sale("r1", "G", now), now=now)
        thread = threading.Thread(target=_join, args=(database, cafe, ids, now))
        thread.start()
        until(lambda: _blocked(watching), what="the merge waits")
        buying.commit()
        thread.join()

        watching.rollback()
        assert watching.scalars(select(Purchase.member_id)).all() == [ids["K"]]
        assert _balances(watching) == [(ids["K"], 11)]
        assert watching.scalars(select(RewardEvent.state)).all() == ["open"]


def test_purchases_of_both_cards_while_they_are_joined_lose_nothing(database, cafe, now):
    with database.session(cafe) as session:
        ids = _ids(session)

    def buy(card: str) -> None:
        for number in range(10):
            with database.session(cafe) as own:
                purchases.post(own, _sale(f"{card}{number}", card, now), now=now)
                own.commit()

    threads = [threading.Thread(target=buy, args=(card,)) for card in ("K", "G")]
    threads.append(threading.Thread(target=_join, args=(database, cafe, ids, now)))
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    with database.session(cafe) as session:
        assert _balances(session) == [(ids["K"], 8 + 60)]
        assert session.scalar(select(func.sum(LedgerEntry.points))) == 68
        assert session.scalar(select(func.sum(Lot.remaining))) == 68
        assert session.scalars(select(RewardEvent.state)).all() == ["open"]
        assert session.scalars(select(MemberSummary.purchases)).all() == [20]
        before = session.execute(select(MemberSummary.net_minor, MemberSummary.first_on)).all()
        summaries.recount(session, [ids["K"]], now=now)
        assert session.execute(select(MemberSummary.net_minor, MemberSummary.first_on)).all() == before


def test_two_people_who_join_the_same_pair_at_once_join_it_once(database, cafe, now):
    with database.session(cafe) as session:
        ids = _ids(session)
    outcomes = []

    def attempt(kept: str, gone: str) -> None:
        with database.session(cafe) as own:
            try:
                merging.merge(own, ids[kept], ids[gone], choices={}, actor="user:1", now=now)
                own.commit()
                outcomes.append("joined")
            except NotFound:
                outcomes.append("gone")

    threads = [threading.Thread(target=attempt, args=names) for names in (("K", "G"), ("G", "K"))]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert sorted(outcomes) == ["gone", "joined"]
    with database.session(cafe) as session:
        assert [available for _, available in _balances(session)] == [8]


def _join(database, cafe, ids, now) -> None:
    with database.session(cafe) as own:
        merging.merge(own, ids["K"], ids["G"], choices={}, actor="user:1", now=now)
        own.commit()


def _balances(session) -> list[tuple[int, int]]:
    session.rollback()
    return [tuple(row) for row in session.execute(select(Balance.member_id, Balance.available))]


def _blocked(session) -> bool:
    session.rollback()
    return bool(session.scalar(BLOCKED))
