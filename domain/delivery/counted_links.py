"""The links of a batch whose clicks are counted: each address has a number in the café, each message its own links."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from domain.audience import counting
from domain.content.links import LinkClaim, LinkSigner, Purpose
from domain.content.placeholders import OPENED, clicked
from domain.content.templates import Prepared
from models.link import Link
from models.member import Member
from models.tenant import Tenant

_ADD = text("INSERT INTO links (address) SELECT unnest(CAST(:addresses AS text[])) ON CONFLICT DO NOTHING")


@dataclass(frozen=True, slots=True)
class CountedLinks:
    """What signs them, for which café, and the number of each address."""

    tenant_id: int
    signer: LinkSigner
    numbers: Mapping[str, int]

    def of(self, message_id: int, wording: Prepared) -> dict[str, str]:
        """What fills the gaps of a wording in a message that is counted, by dotted name."""
        filling = {
            clicked(at): self._url(Purpose.CLICK, message_id, self.numbers[address])
            for at, address in enumerate(wording.addresses)
        }
        if wording.has_pixel:
            filling[OPENED] = self._url(Purpose.OPEN, message_id)
        return filling

    def _url(self, purpose: Purpose, message_id: int, link: int = 0) -> str:
        return self.signer.url(LinkClaim(purpose, self.tenant_id, 0, message_id, link))


def example(signer: LinkSigner, tenant: Tenant, member: Member | None) -> str | None:
    """A counted link as long as they get, leading nowhere; None where nobody counts the clicks of this guest."""
    if not counting.is_allowed(tenant.counting, member.may_count if member else None):
        return None
    return signer.url(LinkClaim(Purpose.CLICK, tenant.id, 0, message_id=2**28 - 1, link=2**14 - 1))


def load(session: Session, wordings: Collection[Prepared], tenant_id: int, signer: LinkSigner) -> CountedLinks:
    """The counted links of these wordings; an address seen for the first time gets its number."""
    addresses = sorted({address for wording in wordings for address in wording.addresses})
    numbers = _known(session, addresses)
    if missing := [each for each in addresses if each not in numbers]:
        session.execute(_ADD, {"addresses": missing})
        numbers |= _known(session, missing)
    return CountedLinks(tenant_id, signer, numbers)


def _known(session: Session, addresses: list[str]) -> dict[str, int]:
    if not addresses:
        return {}
    rows = session.execute(select(Link.address, Link.id).where(Link.address.in_(addresses)))
    return dict(rows.all())
