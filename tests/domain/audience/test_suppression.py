from domain.audience import suppression


def test_an_address_is_suppressed_once_and_compared_without_case(session, make, now):
    member = make.member(email="Nora@example.com")
    assert suppression.suppress(session, "email", "NORA@example.com", "bounced", now=now)
    assert not suppression.suppress(session, "email", "nora@example.com", "complained", now=now)
    assert [(s.channel, s.reason) for s in suppression.of_member(session, member)] == [("email", "bounced")]


def test_a_lifted_suppression_no_longer_stands_but_stays_on_record(session, make, now):
    member = make.member()
    suppression.suppress(session, "sms", member.phone, "opted_out", now=now)
    suppression.lift(session, "sms", member.phone, now=now)

    assert suppression.of_member(session, member) == []
    assert suppression.suppress(session, "sms", member.phone, "opted_out", now=now)
