"""What the DNS says about a domain that sends mail: its SPF, DKIM and DMARC records."""

from collections.abc import Sequence

import dns.exception
import dns.resolver

from domain.delivery.sender_domains import Answers

SECONDS = 5.0


class MailDns:
    """Asks the machine's name servers, or the one given as (address, port)."""

    def __init__(self, name_server: tuple[str, int] | None = None) -> None:
        self._resolver = dns.resolver.Resolver(configure=name_server is None)
        if name_server is not None:
            self._resolver.nameservers = [name_server[0]]
            self._resolver.port = name_server[1]
        self._resolver.lifetime = SECONDS

    def look(self, domain: str, selector: str) -> Answers:
        """The records of one domain. Never raises for what name servers do."""
        return Answers(
            spf=self._texts(domain),
            dkim=self._texts(f"{selector}._domainkey.{domain}"),
            dmarc=self._texts(f"_dmarc.{domain}"),
        )

    def _texts(self, name: str) -> Sequence[str] | None:
        try:
            answer = self._resolver.resolve(name, "TXT", search=False)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return ()
        except dns.exception.DNSException:
            return None
        return [b"".join(record.strings).decode("utf-8", "replace") for record in answer]
