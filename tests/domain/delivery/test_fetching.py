"""People and machines are told apart by what they say of themselves, and by when they come."""

from datetime import timedelta

import pytest

from domain.delivery.fetching import Fetch, is_by_machine

PEOPLE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
    "Mozilla/4.0 (compatible; ms-office; MSOffice 16)",
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140 Mobile Safari/537.36",
    "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:143.0) Gecko/20100101 Thunderbird/140.3.0",
)
MACHINES = (
    "",
    "Mozilla/5.0",
    "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
    "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (Windows NT 6.1; WOW64) AppleWebKit/534+ (KHTML, like Gecko) BingPreview/1.0b",
    "facebookexternalhit/1.1 Facebot Twitterbot/1.0",
    "python-requests/2.32.3",
    "curl/8.5.0",
    "WhatsApp/2.23.20.0",
    "Barracuda Sentinel (EE)",
)
EARLIER = timedelta(minutes=5)


@pytest.mark.parametrize("agent", PEOPLE)
def test_a_browser_or_a_mail_program_is_a_person(now, agent):
    assert not is_by_machine(Fetch("GET", agent), handed_over_at=now - EARLIER, now=now)


@pytest.mark.parametrize("agent", MACHINES)
def test_what_calls_itself_a_machine_is_one(now, agent):
    assert is_by_machine(Fetch("GET", agent), handed_over_at=now - EARLIER, now=now)


@pytest.mark.parametrize("announced", ["prefetch", "prefetch;prerender", "preview"])
def test_who_only_prefetches_has_not_read(now, announced):
    assert is_by_machine(Fetch("GET", PEOPLE[0], announced), handed_over_at=now - EARLIER, now=now)


def test_nobody_asks_for_the_head_or_reads_within_two_seconds_or_before_it_left(now):
    assert is_by_machine(Fetch("HEAD", PEOPLE[0]), handed_over_at=now - EARLIER, now=now)
    assert is_by_machine(Fetch("GET", PEOPLE[0]), handed_over_at=now - timedelta(seconds=1.9), now=now)
    assert is_by_machine(Fetch("GET", PEOPLE[0]), handed_over_at=None, now=now)
    assert not is_by_machine(Fetch("GET", PEOPLE[0]), handed_over_at=now - timedelta(seconds=2), now=now)
