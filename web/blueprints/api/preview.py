"""A real member's values for a preview."""

from typing import Any

from domain.content import templates
from domain.content.links import LinkSigner
from domain.delivery import contexts
from domain.delivery.outbox import Claimed
from models.database import db
from models.member import Member
from models.message import Topic
from models.template import TemplateVersion

PREVIEW = 0  # the number of no message


def values_of(member: Member, version: TemplateVersion) -> dict[str, Any]:
    """What is known about the member, by dotted name. Links show the registry's examples: a preview must not act."""
    wanted = frozenset(name for name in templates.prepared(version).names if not name.startswith("links."))
    nothing = dict.fromkeys(Claimed.__dataclass_fields__)
    message = Claimed(
        **nothing
        | {"id": PREVIEW, "member_id": member.id, "channel": "email", "topic": Topic.REWARDS, "attempts": 0}
        | {"cause": "test", "occasion": "preview", "values": {}}
    )
    here = contexts.cafe(db.session)
    return contexts.load(db.session, [message], here, LinkSigner(["of no link"]), wanted)[PREVIEW].values
