"""Who fetches a counted link or pixel: a person, or a machine that fetches everything, before or instead of one.

Mail programs that load pictures for everybody, scanners that follow links, previews in chats: all of them say who they
are, ask for no more than the head, announce that they only prefetch, or come sooner after the hand-over than anybody
could have read. What is not known for a machine counts as a person.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

SOONEST = timedelta(seconds=2)  # after the hand-over that somebody may have read it

# Apple's mail privacy gives no more than this; a browser says more.
_BARE = "mozilla/5.0"
_MACHINES = re.compile(
    r"googleimageproxy|ggpht\.com|yahoomailproxy|bingpreview|safelinks|barracuda|proofpoint|mimecast|fireeye|trendmicro"
    r"|symantec|sophos|forcepoint|ironport|zscaler|cloudmark|mailscanner|linkscan|urlscan|virustotal|phishtank"
    r"|facebookexternalhit|facebookcatalog|whatsapp/|telegrambot|slackbot|twitterbot|linkedinbot|discordbot|skypeuripreview"
    r"|google-(?:safety|inspectiontool|read-aloud|pagerenderer)|headlesschrome|phantomjs"
    r"|\b(?:curl|wget|libwww-perl|python-requests|python-urllib|aiohttp|httpx|okhttp|axios|java|go-http-client|apache-httpclient)/"
    r"|bot\b|crawler|spider|scanner|preview|prefetch|monitor",
    re.IGNORECASE,
)
_ONLY_PREFETCHES = re.compile(r"prefetch|prerender|preview", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Fetch:
    """A request for a link or a pixel, in what tells people from machines. `announced`: its headers about purpose."""

    method: str
    user_agent: str
    announced: str = ""


def is_by_machine(fetch: Fetch, *, handed_over_at: datetime | None, now: datetime) -> bool:
    """Whether no person stands behind it. `handed_over_at` None: the message is still being handed over."""
    says = fetch.user_agent.strip()
    return (
        fetch.method == "HEAD"
        or not says
        or says.lower() == _BARE
        or _MACHINES.search(says) is not None
        or _ONLY_PREFETCHES.search(fetch.announced) is not None
        or handed_over_at is None
        or now - handed_over_at < SOONEST
    )
