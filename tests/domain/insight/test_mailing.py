"""What became of a mailing adds up."""

from domain.insight import mailing


def test_every_message_stands_in_one_place(session, make):
    states = ["planned", "claimed", "attempting", "sent", "delivered", "bounced", "failed", "unsure"]
    noes = [("skipped", "control_group"), ("skipped", "no_consent"), ("cancelled", "cap_reached")]
    for state, reason in [*((each, None) for each in states), *noes]:
        make.message(cause="reward:7", state=state, reason=reason)
    make.message(cause="reward:8")

    fates = mailing.of_cause(session, "reward:7")

    assert (fates.sent, fates.waiting, fates.failed, fates.unsure) == (3, 3, 1, 1)
    assert (fates.control_group, fates.held_back, fates.cancelled) == (1, {"no_consent": 1}, {"cap_reached": 1})
    assert (fates.planned, fates.audience) == (9, 11)


def test_what_never_spoke_has_no_audience(session):
    assert mailing.of_cause(session, "reward:7").audience == 0
