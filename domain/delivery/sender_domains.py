"""Domains that a café writes mail from: the key that signs it, the records its DNS needs, and what was found there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from domain.accounts import vault
from domain.audience import addresses
from domain.content import dkim
from domain.content.dkim import DkimSigner
from domain.errors import Conflict, NotFound, Unacceptable
from domain.sentences import say
from models.sender_domain import SenderDomain

SELECTOR = "regulars"
_PEM = "private_pem"


class Finding(StrEnum):
    """What was found of one record."""

    GOOD = "good"
    MISSING = "missing"
    OTHER = "other"  # there is one, and it says something else
    UNKNOWN = "unknown"  # the name servers did not answer


@dataclass(frozen=True, slots=True)
class Record:
    """A TXT record that a domain needs: what for, under which name, with which words."""

    purpose: str
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Answers:
    """The TXT records that DNS gave for each purpose; None when nobody answered."""

    spf: Sequence[str] | None
    dkim: Sequence[str] | None
    dmarc: Sequence[str] | None


def add(session: Session, typed: str, *, now: datetime) -> SenderDomain:
    """A domain with a fresh key. Raises `Unacceptable` for what is no domain, `Conflict` for one that is there."""
    domain = _domain(typed)
    key = dkim.new_key()
    row = SenderDomain(
        domain=domain,
        selector=SELECTOR,
        private_key=vault.encrypt({_PEM: key.private_pem}),
        public_key=key.public,
        findings={},
        created_at=now,
    )
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError as error:
        raise Conflict(say("This domain is on the list already.")) from error
    return row


def get(session: Session, domain_id: int) -> SenderDomain:
    """One of the café's domains. Raises `NotFound`."""
    row = session.scalar(select(SenderDomain).where(SenderDomain.id == domain_id))
    if row is None:
        raise NotFound(say("There is no such domain."))
    return row


def of_cafe(session: Session) -> list[SenderDomain]:
    """All of them, by name."""
    return list(session.scalars(select(SenderDomain).order_by(SenderDomain.domain)))


def remove(session: Session, domain_id: int) -> None:
    """Forget a domain and its key: its mails leave unsigned."""
    session.delete(get(session, domain_id))
    session.flush()


def records(row: SenderDomain, *, mail_host: str = "") -> list[Record]:
    """What the domain's DNS should hold. `mail_host` is the server that sends, for SPF."""
    sends = f"a:{mail_host}" if mail_host else "mx"
    return [
        Record("dkim", f"{row.selector}._domainkey.{row.domain}", f"v=DKIM1; k=rsa; p={row.public_key}"),
        Record("spf", row.domain, f"v=spf1 {sends} ~all"),
        Record("dmarc", f"_dmarc.{row.domain}", "v=DMARC1; p=none"),
    ]


def note(session: Session, row: SenderDomain, answers: Answers, *, now: datetime) -> None:
    """Keep what DNS said. A key that is published signs from now on; one that went away does not any more."""
    findings = {
        "dkim": _dkim(answers.dkim, row.public_key),
        "spf": _begins(answers.spf, "v=spf1"),
        "dmarc": _begins(answers.dmarc, "v=DMARC1"),
    }
    row.findings = {purpose: finding.value for purpose, finding in findings.items()}
    row.checked_at = now
    if findings["dkim"] is Finding.GOOD:
        row.signs_since = row.signs_since or now
    elif findings["dkim"] is not Finding.UNKNOWN:
        row.signs_since = None
    session.flush()


def signer_for(session: Session, sender: str) -> DkimSigner | None:
    """What signs mails from this address; None when its domain has no published key."""
    domain = sender.rpartition("@")[2].lower()
    row = session.execute(
        select(SenderDomain.selector, SenderDomain.private_key).where(
            SenderDomain.domain == domain, SenderDomain.signs_since.is_not(None)
        )
    ).one_or_none()
    return None if row is None else _signer(domain, row.selector, row.private_key)


@lru_cache(maxsize=256)
def _signer(domain: str, selector: str, sealed: bytes) -> DkimSigner:
    return DkimSigner(domain, selector, vault.decrypt(sealed)[_PEM])


def _domain(typed: str) -> str:
    """A domain in lower case and punycode; an address stands for its domain."""
    domain = typed.strip().rpartition("@")[2]
    try:
        return addresses.email(f"hello@{domain}").rpartition("@")[2]
    except Unacceptable:
        raise Unacceptable.at("domain", say("Write only the domain, like cafe-aurora.at.")) from None


def _dkim(found: Sequence[str] | None, public_key: str) -> Finding:
    if found is None:
        return Finding.UNKNOWN
    keys = [value for each in found for name, value in _tags(each) if name == "p"]
    if public_key in keys:
        return Finding.GOOD
    return Finding.OTHER if found else Finding.MISSING


def _begins(found: Sequence[str] | None, with_: str) -> Finding:
    """Two records of one kind count as none for the receivers, so they count as wrong here."""
    if found is None:
        return Finding.UNKNOWN
    fitting = [each for each in found if each.lower().startswith(with_.lower())]
    if len(fitting) == 1:
        return Finding.GOOD
    return Finding.OTHER if fitting else Finding.MISSING


def _tags(record: str) -> list[tuple[str, str]]:
    pairs = [part.partition("=")[::2] for part in record.split(";")]
    return [(name.strip(), "".join(value.split())) for name, value in pairs]
