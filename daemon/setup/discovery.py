"""Where a mailbox is, from its address alone: presets, MX, SRV (RFC 6186, RFC 6764), the domain's own autoconfig.

Only the address's own domain is asked: no directory of a third party learns who sets up Afterword. Every step is
bounded in time, size and number; one that fails is skipped.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Protocol

import dns.exception
import dns.resolver
import httpx
from lxml import etree

from daemon.setup.presets import Provider, by_address, by_mx

DNS_SECONDS: Final = 4.0
"""For one name, retries included."""
HTTPS_SECONDS: Final = 5.0
MAX_BYTES: Final = 256 * 1024
AUTOCONFIG: Final = (
    "https://autoconfig.{domain}/mail/config-v1.1.xml",
    "https://{domain}/.well-known/autoconfig/mail/config-v1.1.xml",
)
"""Mozilla's autoconfiguration; https alone, and without the address in the query."""


@dataclass(frozen=True, slots=True)
class ImapServer:
    """An IMAP server as found."""

    host: str
    port: int
    security: str
    username: str = ""
    """A login name other than the address, or empty."""


@dataclass(frozen=True, slots=True)
class Found:
    """What is known of an address."""

    provider: Provider | None = None
    imap: ImapServer | None = None
    caldav: str = ""
    source: str = ""
    """In words: who says so."""
    trusted: bool = False
    """From our own table, by https from the domain itself, or below the domain: not by a forged answer of the DNS."""


class Names(Protocol):
    """The DNS, as far as it is asked."""

    def mx(self, domain: str) -> list[str]:
        """Mail exchangers, the preferred first; empty where there are none or nobody answers."""
        ...

    def srv(self, name: str) -> tuple[str, int] | None:
        """The best target of an SRV record (RFC 2782); None where there is none, or it says 'not here'."""
        ...


class Dns:
    """The DNS by dnspython."""

    def __init__(self, resolver: dns.resolver.Resolver | None = None) -> None:
        self._resolver = resolver

    def mx(self, domain: str) -> list[str]:
        """See `Names`."""
        records = sorted(self._ask(domain, "MX"), key=lambda record: int(record.preference))
        return [record.exchange.to_text(omit_final_dot=True).lower() for record in records]

    def srv(self, name: str) -> tuple[str, int] | None:
        """See `Names`."""
        records = sorted(self._ask(name, "SRV"), key=lambda record: (int(record.priority), -int(record.weight)))
        for record in records:
            target = record.target.to_text(omit_final_dot=True).lower()
            if target and target != ".":
                return target, int(record.port)
        return None

    def _ask(self, name: str, kind: str) -> list[Any]:
        try:
            if self._resolver is None:
                self._resolver = dns.resolver.Resolver()
            return list(self._resolver.resolve(name, kind, lifetime=DNS_SECONDS, search=False))
        except (dns.exception.DNSException, OSError, ValueError):
            return []


def https_get(url: str) -> bytes:
    """A small file by https, without redirects; empty where there is none."""
    with httpx.Client(timeout=HTTPS_SECONDS, follow_redirects=False, trust_env=True) as client:
        return read_bounded(client, url)


def read_bounded(client: httpx.Client, url: str) -> bytes:
    """The body of an answer 200 of at most MAX_BYTES; empty for everything else."""
    try:
        with client.stream("GET", url) as response:
            if response.status_code != httpx.codes.OK:
                return b""
            body = bytearray()
            for part in response.iter_bytes(16384):
                body += part
                if len(body) > MAX_BYTES:
                    return b""
            return bytes(body)
    except (httpx.HTTPError, OSError, ValueError):
        return b""


def discover(
    address: str,
    *,
    names: Names | None = None,
    get: Callable[[str], bytes] = https_get,
    offline: bool = False,
) -> Found:
    """What can be known of an address. Raises nothing: where nobody answers, nothing is found."""
    local, _, domain = address.rpartition("@")
    domain = domain.lower()
    known = by_address(address)
    if known is not None:
        return _of(known, f"{known.label} is known")
    if offline or not local or not domain:
        return Found()
    names = names or Dns()
    for exchanger in names.mx(domain)[:5]:
        hosted = by_mx(exchanger)
        if hosted is not None:
            return _of(hosted, f"mail for {domain} goes to {exchanger}")
    caldav = _caldav(domain, names)
    for template in AUTOCONFIG:
        server = _autoconfigured(get(template.format(domain=domain)), address)
        if server is not None:
            return Found(imap=server, caldav=caldav, source=f"{domain}'s own autoconfig", trusted=True)
    for service, security, usual in (("_imaps._tcp", "tls", 993), ("_imap._tcp", "starttls", 143)):
        found = names.srv(f"{service}.{domain}")
        if found is not None:
            host, port = found
            server = ImapServer(host, port or usual, security)
            return Found(imap=server, caldav=caldav, source=f"the DNS of {domain} (SRV)", trusted=_below(host, domain))
    return Found(caldav=caldav, source=f"the DNS of {domain}" if caldav else "")


def _of(provider: Provider, source: str) -> Found:
    server = ImapServer(provider.host, provider.port, provider.security) if provider.host else None
    return Found(provider, server, provider.caldav, source, trusted=True)


def _caldav(domain: str, names: Names) -> str:
    found = names.srv(f"_caldavs._tcp.{domain}")
    if found is None or not _below(found[0], domain):
        return ""
    host, port = found
    return f"https://{host}/" if port in (0, 443) else f"https://{host}:{port}/"


def _below(host: str, domain: str) -> bool:
    return host == domain or host.endswith(f".{domain}")


def _autoconfigured(document: bytes, address: str) -> ImapServer | None:
    """The first IMAP server over TLS in a clientConfig document; hostile XML is nothing found."""
    if not document:
        return None
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(document, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    return next(_imap_servers(root, address), None)


def _imap_servers(root: etree._Element, address: str) -> Iterator[ImapServer]:
    local, _, domain = address.rpartition("@")
    for server in root.iterfind("./emailProvider/incomingServer[@type='imap']"):
        host = (server.findtext("hostname") or "").strip().lower()
        port = (server.findtext("port") or "").strip()
        security = {"SSL": "tls", "STARTTLS": "starttls"}.get((server.findtext("socketType") or "").strip())
        username = (server.findtext("username") or "").strip()
        for placeholder, value in (
            ("%EMAILADDRESS%", address),
            ("%EMAILLOCALPART%", local),
            ("%EMAILDOMAIN%", domain),
        ):
            host, username = host.replace(placeholder.lower(), value), username.replace(placeholder, value)
        plain = all(character.isprintable() and character != " " for character in host + username)
        if security and host and plain and port.isdigit() and 0 < int(port) < 65536:
            yield ImapServer(host, int(port), security, "" if username == address else username)
