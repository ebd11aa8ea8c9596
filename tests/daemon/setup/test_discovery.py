"""Discovery against a name server and a web server of our own on loopback."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import dns.message
import dns.resolver
import dns.rrset
import httpx
import pytest

from daemon.setup import presets
from daemon.setup.discovery import MAX_BYTES, Dns, ImapServer, discover, read_bounded
from tests.servers.certificates import Authority

AUTOCONFIG = """<?xml version="1.0"?>
<clientConfig version="1.1"><emailProvider id="own.example">
  <incomingServer type="pop3"><hostname>pop.own.example</hostname><port>995</port>
    <socketType>SSL</socketType></incomingServer>
  <incomingServer type="imap"><hostname>plain.own.example</hostname><port>143</port><socketType>plain</socketType>
    <username>%EMAILADDRESS%</username></incomingServer>
  <incomingServer type="imap"><hostname>mail.own.example</hostname><port>993</port><socketType>SSL</socketType>
    <username>%EMAILLOCALPART%</username></incomingServer>
</emailProvider></clientConfig>"""
Zone = dict[tuple[str, str], list[str]]


@contextmanager
def name_server(zone: Zone) -> Iterator[Dns]:
    """A name server over UDP that knows this zone, and a resolver that asks it alone."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(0.1)
        stop = threading.Event()

        def serve() -> None:
            while not stop.is_set():
                try:
                    data, peer = sock.recvfrom(4096)
                except TimeoutError:
                    continue
                query = dns.message.from_wire(data)
                question = query.question[0]
                kind = dns.rdatatype.to_text(question.rdtype)
                answer = dns.message.make_response(query)
                records = zone.get((question.name.to_text(omit_final_dot=True), kind))
                if records:
                    answer.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *records))
                else:
                    answer.set_rcode(dns.rcode.NXDOMAIN)
                sock.sendto(answer.to_wire(), peer)

        thread = threading.Thread(target=serve)
        thread.start()
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers, resolver.port = ["127.0.0.1"], sock.getsockname()[1]
        try:
            yield Dns(resolver)
        finally:
            stop.set()
            thread.join()


def nowhere(_url: str) -> bytes:
    return b""


def serving(url_part: str, document: str) -> Callable[[str], bytes]:
    return lambda url: document.encode() if url_part in url else b""


@pytest.mark.parametrize("provider", [p for p in presets.PROVIDERS if p.domains], ids=lambda p: p.key)
def test_a_known_domain_asks_nobody(provider: presets.Provider) -> None:
    found = discover(f"ada@{provider.domains[0].upper()}", offline=True)
    assert found.provider is provider
    assert found.trusted


@pytest.mark.parametrize(
    ("exchanger", "key"),
    [
        ("aspmx.l.google.com.", "google-workspace"),
        ("own-example.mail.protection.outlook.com.", "microsoft-365"),
        ("in1-smtp.messagingengine.com.", "fastmail"),
        ("mx01.mail.icloud.com.", "icloud"),
        ("mxext1.mailbox.org.", "mailbox.org"),
        ("mail.protonmail.ch.", "proton"),
        ("mx00.gmx.net.", "gmx"),
        ("mta5.am0.yahoodns.net.", "yahoo"),
    ],
)
def test_a_domain_of_one_s_own_is_known_by_its_mail_exchanger(exchanger: str, key: str) -> None:
    with name_server({("own.example", "MX"): ["20 backup.example. ", f"10 {exchanger}"]}) as names:
        found = discover("ada@own.example", names=names, get=nowhere)
    assert found.provider is presets.BY_KEY[key]


def test_a_name_that_only_looks_like_a_provider_s_is_not_it() -> None:
    with name_server({("own.example", "MX"): ["10 mx.notgoogle.com."]}) as names:
        assert discover("ada@own.example", names=names, get=nowhere).provider is None


def test_srv_records_name_the_server_and_the_calendar() -> None:
    zone = {
        ("_imaps._tcp.own.example", "SRV"): ["10 1 993 second.own.example.", "0 1 1993 imap.own.example."],
        ("_caldavs._tcp.own.example", "SRV"): ["0 1 443 dav.own.example."],
    }
    with name_server(zone) as names:
        found = discover("ada@own.example", names=names, get=nowhere)
    assert found.imap == ImapServer("imap.own.example", 1993, "tls")
    assert found.caldav == "https://dav.own.example/"
    assert found.trusted


def test_a_server_elsewhere_that_only_the_dns_names_is_not_trusted() -> None:
    zone = {
        ("_imaps._tcp.own.example", "SRV"): ["0 1 993 imap.elsewhere.example."],
        ("_caldavs._tcp.own.example", "SRV"): ["0 1 443 dav.elsewhere.example."],
    }
    with name_server(zone) as names:
        found = discover("ada@own.example", names=names, get=nowhere)
    assert found.imap == ImapServer("imap.elsewhere.example", 993, "tls")
    assert not found.trusted
    assert found.caldav == ""


def test_a_service_that_says_it_is_not_there_is_not_there() -> None:
    zone = {
        ("_imaps._tcp.own.example", "SRV"): ["0 0 0 ."],
        ("_imap._tcp.own.example", "SRV"): ["0 1 143 imap.own.example."],
    }
    with name_server(zone) as names:
        found = discover("ada@own.example", names=names, get=nowhere)
    assert found.imap == ImapServer("imap.own.example", 143, "starttls")


def test_autoconfig_gives_the_first_imap_server_with_tls() -> None:
    with name_server({}) as names:
        found = discover("ada@own.example", names=names, get=serving("autoconfig.own.example", AUTOCONFIG))
    assert found.imap == ImapServer("mail.own.example", 993, "tls", "ada")
    assert found.trusted


@pytest.mark.parametrize(
    "document",
    [
        "<html>not found</html>",
        "<clientConfig><emailProvider><incomingServer type='imap'>",
        "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>"
        + AUTOCONFIG.partition("?>")[2].replace("mail.own.example", "&e;"),
        AUTOCONFIG.replace("993", "99999"),
        AUTOCONFIG.replace("mail.own.example", "mail.own.example evil"),
    ],
)
def test_a_document_that_makes_no_sense_is_nothing_found(document: str) -> None:
    with name_server({}) as names:
        assert discover("ada@own.example", names=names, get=serving("autoconfig", document)).imap is None


def test_a_silent_name_server_costs_seconds_and_finds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("daemon.setup.discovery.DNS_SECONDS", 0.05)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mute:
        mute.bind(("127.0.0.1", 0))
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers, resolver.port = ["127.0.0.1"], mute.getsockname()[1]
        assert discover("ada@own.example", names=Dns(resolver), get=nowhere).imap is None


class _Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/small")
            self.end_headers()
            return
        body = b"x" * (MAX_BYTES + 1 if self.path == "/huge" else 5)
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the parent's name)
        """Quiet."""


def test_a_page_is_read_by_https_up_to_a_bound_and_never_elsewhere(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    leaf = authority.issue("server")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(leaf.certificate, leaf.key)
    with ThreadingHTTPServer(("127.0.0.1", 0), _Page) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        where = f"https://127.0.0.1:{server.server_address[1]}"
        trusting = ssl.create_default_context(cafile=str(authority.ca_file))
        with httpx.Client(verify=trusting, timeout=5, trust_env=False) as client:
            assert read_bounded(client, f"{where}/small") == b"xxxxx"
            assert read_bounded(client, f"{where}/huge") == b""
            assert read_bounded(client, f"{where}/moved") == b""
        with httpx.Client(timeout=5, trust_env=False) as suspicious:
            assert read_bounded(suspicious, f"{where}/small") == b""
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("ada@gmial.com", "ada@gmail.com"),
        ("ada@Hotmial.com", "ada@hotmail.com"),
        ("ada@iclod.com", "ada@icloud.com"),
        ("ada@gmail.com", ""),
        ("ada@brightwater.example", ""),
    ],
)
def test_a_mistyped_provider_is_guessed(typed: str, meant: str) -> None:
    assert presets.mistyped(typed) == meant
