"""What a mail server's reply means."""

import pytest

from domain.delivery.ports import SendOutcome
from gateways.smtp_replies import Reply, Stage, judge, judge_opening

REFUSED, LATER, DOWN = SendOutcome.REFUSED, SendOutcome.TRY_LATER, SendOutcome.GATEWAY_DOWN


@pytest.mark.parametrize(
    ("stage", "reply", "outcome", "suppress"),
    [
        # the mailbox is the trouble
        (Stage.RCPT, (550, "5.1.1 No such user"), REFUSED, "invalid_address"),
        (Stage.RCPT, (550, "5.1.2 No such domain"), REFUSED, "invalid_address"),
        (Stage.RCPT, (553, "5.1.3 Bad syntax"), REFUSED, "invalid_address"),
        (Stage.RCPT, (550, "5.1.6 Moved"), REFUSED, "invalid_address"),
        (Stage.RCPT, (556, "5.1.10 Null MX"), REFUSED, "invalid_address"),
        (Stage.RCPT, (550, "5.2.1 Disabled"), REFUSED, "invalid_address"),
        (Stage.RCPT, (551, "Not local"), REFUSED, "invalid_address"),
        (Stage.RCPT, (553, "Mailbox name not allowed"), REFUSED, "invalid_address"),
        (Stage.TEXT, (550, "5.1.1 No such user"), REFUSED, "invalid_address"),
        # the mailbox is good
        (Stage.RCPT, (550, "blocked using a list"), REFUSED, None),
        (Stage.RCPT, (550, "5.7.1 Policy"), REFUSED, None),
        (Stage.TEXT, (550, "5.7.26 Unauthenticated"), REFUSED, None),
        (Stage.TEXT, (554, "5.7.606 Banned"), REFUSED, None),
        (Stage.RCPT, (552, "5.2.2 Over quota"), REFUSED, None),
        (Stage.MAIL, (552, "5.3.4 Too large"), REFUSED, None),
        (Stage.MAIL, (550, "5.1.1 Odd"), REFUSED, None),
        (Stage.TEXT, (554, "5.6.0 Bad message"), REFUSED, None),
        (Stage.RCPT, (501, "5.5.4 Syntax"), REFUSED, None),
        # we are set up wrongly
        (Stage.MAIL, (530, "5.7.0 Authentication required"), DOWN, None),
        (Stage.MAIL, (535, "5.7.8 Bad login"), DOWN, None),
        (Stage.MAIL, (553, "5.7.1 Sender not owned"), DOWN, None),
        (Stage.RCPT, (553, "5.7.1 Sender not owned"), DOWN, None),
        (Stage.TEXT, (550, "5.7.60 Client may not send as this sender"), DOWN, None),
        (Stage.MAIL, (550, "5.1.8 Sender domain unknown"), DOWN, None),
        # a status that contradicts its code counts for nothing
        (Stage.RCPT, (450, "5.1.1 Odd"), LATER, None),
        (Stage.RCPT, (550, "4.1.1 Odd"), REFUSED, None),
    ],
)
def test_a_refusal_is_read_by_code_and_status(stage, reply, outcome, suppress):
    verdict = judge(stage, Reply(*reply))

    assert (verdict.outcome, verdict.suppress) == (outcome, suppress)


@pytest.mark.parametrize(
    ("reply", "pause"),
    [
        ((421, "4.7.28 Unusual rate"), 300),
        ((421, "Shutting down"), 300),
        ((450, "4.7.1 Greylisted"), 300),
        ((451, "4.7.1 Greylisted"), 300),
        ((450, "4.2.0 Greylisted"), 300),
        ((452, "4.3.1 No space"), 300),
        ((452, "4.5.3 Too many recipients"), 300),
        ((454, "4.7.0 Busy"), 300),
        ((452, "4.2.2 Mailbox full"), 3600),
        ((451, "Local error"), None),
        ((450, "4.4.1 No answer"), None),
    ],
)
@pytest.mark.parametrize("stage", list(Stage))
def test_every_4xx_means_later_and_blames_nobody(stage, reply, pause):
    verdict = judge(stage, Reply(*reply))

    assert (verdict.outcome, verdict.retry_after, verdict.suppress) == (LATER, pause, None)


@pytest.mark.parametrize("code", [100, 354, 600, 999])
def test_a_reply_nobody_understands_leaves_a_written_text_unsure(code):
    assert judge(Stage.TEXT, Reply(code, "?")).outcome is SendOutcome.UNSURE
    assert judge(Stage.RCPT, Reply(code, "?")).outcome is LATER


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        ((535, "5.7.8 Bad login"), DOWN),
        ((535, "5.7.139 Basic authentication is disabled"), DOWN),
        ((534, "5.7.9 Application password needed"), DOWN),
        ((554, "5.7.1 No service for your address"), DOWN),
        ((502, "No STARTTLS here"), DOWN),
        ((454, "4.7.0 Temporary authentication failure"), LATER),
        ((421, "4.3.2 Not now"), LATER),
        ((-1, "not a mail server"), LATER),
    ],
)
def test_before_the_first_message_a_final_no_stops_the_gateway(reply, outcome):
    assert judge_opening(Reply(*reply)).outcome is outcome


def test_a_detail_is_one_short_line():
    detail = judge(Stage.TEXT, Reply(554, "no\r\n\x00\x1b[31m" + "x" * 1000)).detail

    assert detail.isprintable()
    assert len(detail) <= 300
