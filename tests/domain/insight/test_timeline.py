"""A member's story, a page at a time."""

from datetime import timedelta

import pytest

from domain.errors import Unacceptable
from domain.insight import timeline


@pytest.fixture
def member(make):
    return make.member()


def test_events_and_messages_newest_first(session, make, member, now):
    make.event("purchase.completed", member, occurred_at=now - timedelta(hours=2), properties={"amount": "4.50"})
    make.message(member, state="skipped", reason="no_consent", created_at=now - timedelta(hours=1))
    make.event("reward.unlocked", member, occurred_at=now, properties={"name": "Free coffee"})
    make.event("purchase.completed", make.member(), occurred_at=now)

    story = timeline.page(session, member.id)

    assert [moment.type for moment in story.items] == ["reward.unlocked", "message.skipped", "purchase.completed"]
    assert [moment.summary for moment in story.items] == [
        "A reward was unlocked: Free coffee",
        "Not sent by email (no_consent): reward:1",
        "A receipt was finished: 4.50",
    ]
    assert story.next is None


def test_pages_tell_everything_once_also_of_one_instant(session, make, member, now):
    for _ in range(7):
        make.event("custom.seen", member, occurred_at=now)
        make.message(member, state="sent", sent_at=now, created_at=now)

    seen, cursor = [], None
    while True:
        page = timeline.page(session, member.id, cursor=cursor, limit=3)
        seen += [moment.key for moment in page.items]
        cursor = page.next
        if cursor is None:
            break

    assert len(seen) == len(set(seen)) == 14


@pytest.mark.parametrize("cursor", ["x", "é", "MjAyNg", "bm90IGEgY3Vyc29y", "=" * 200])
def test_a_cursor_that_is_none_of_ours_is_refused(session, member, cursor):
    with pytest.raises(Unacceptable):
        timeline.page(session, member.id, cursor=cursor)
