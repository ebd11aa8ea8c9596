"""Mail for the tests: invites in the shapes that producers use, drafts, answers."""

import base64
import quopri
from datetime import UTC, datetime, timedelta
from imaplib import IMAP4, Time2Internaldate

from connectors.model import Address, Draft, Probe

SHAPES = (
    "alternative",
    "attachment",
    "quoted-printable",
    "8bit",
    "octet-stream",
    "encoded name",
    "rfc2231 name",
    "bare",
    "forwarded",
    "application/ics",
)


def calendar(uid: str, start: datetime, *, method: str = "REQUEST", sequence: int = 0) -> bytes:
    """One VEVENT of an hour."""
    form = "%Y%m%dT%H%M%SZ"
    lines = (
        "BEGIN:VCALENDAR", "PRODID:-//Example//EN", "VERSION:2.0", f"METHOD:{method}", "BEGIN:VEVENT", f"UID:{uid}",
        f"DTSTART:{start.astimezone(UTC).strftime(form)}",
        f"DTEND:{(start + timedelta(hours=1)).astimezone(UTC).strftime(form)}",
        "DTSTAMP:20260101T080000Z", f"SEQUENCE:{sequence}", "SUMMARY:Interview – Ünïcode",
        "ORGANIZER;CN=Erika:mailto:erika@corp.example",
        "ATTENDEE;CN=Alice:mailto:alice@example.org", "END:VEVENT", "END:VCALENDAR", "",
    )  # fmt: skip
    return "\r\n".join(lines).encode()


def invite(
    uid: str, start: datetime, shape: str = "alternative", *, mime: bool = True, method: str = "REQUEST"
) -> bytes:
    """A message that carries this event."""
    data = calendar(uid, start, method=method)
    coded = base64.encodebytes(data).replace(b"\n", b"\r\n")
    kind = f'text/calendar; charset="UTF-8"; method={method}'.encode()
    b64 = b"Content-Transfer-Encoding: base64\r\n"
    if shape == "bare":
        body = b"Content-Type: %s\r\n%s\r\n%s" % (kind, b64, coded)
        return _head(uid, mime) + body
    part = {
        "alternative": b"Content-Type: %s\r\n%s\r\n%s" % (kind, b64, coded),
        "attachment": b'Content-Type: %s; name="meeting.ics"\r\nContent-Disposition: attachment; filename="meeting.ics"'
        b"\r\n%s\r\n%s" % (kind, b64, coded),
        "quoted-printable": b"Content-Type: %s\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n%s"
        % (kind, quopri.encodestring(data.replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n")),
        "8bit": b"Content-Type: %s\r\nContent-Transfer-Encoding: 8bit\r\n\r\n%s" % (kind, data),
        "octet-stream": b'Content-Type: application/octet-stream; name="invite.ics"\r\n%s\r\n%s' % (b64, coded),
        "encoded name": b'Content-Type: application/octet-stream; name="=?utf-8?B?aW52aXRlLmljcw==?="\r\n'
        b'Content-Disposition: attachment; filename="=?utf-8?B?aW52aXRlLmljcw==?="\r\n%s\r\n%s' % (b64, coded),
        "rfc2231 name": b"Content-Type: application/octet-stream\r\nContent-Disposition: attachment; "
        b"filename*=utf-8''invite%%2Eics\r\n%s\r\n%s" % (b64, coded),
        "application/ics": b'Content-Type: application/ics; name="invite.ics"\r\n%s\r\n%s' % (b64, coded),
    }.get(shape)
    if part is None:
        inner = invite(uid, start, "alternative")
        part = b"Content-Type: message/rfc822\r\n\r\n" + inner
    text = b"Content-Type: text/plain; charset=utf-8\r\n\r\nPlease come, J\xc3\xbcrgen\r\n"
    return _head(uid, mime) + (
        b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n%s\r\n--b%d\r\n%s\r\n--b%d--\r\n'
        % (len(shape), len(shape), text, len(shape), part, len(shape))
    )


def _head(uid: str, mime: bool) -> bytes:
    return (
        f"From: Erika <erika@corp.example>\r\nTo: alice@example.org\r\nSubject: Interview\r\n"
        f"Date: Mon, 02 Nov 2026 10:00:00 +0000\r\nMessage-ID: <{uid}@corp.example>\r\n"
        + ("MIME-Version: 1.0\r\n" if mime else "")
    ).encode()


def plain(number: int, *, sender: str = "bob@example.net", to: str = "alice@example.org", extra: str = "") -> bytes:
    """Ordinary mail that talks of calendars and holds none."""
    return (
        f"From: Bob Builder <{sender}>\r\nTo: {to}\r\nSubject: invite.ics and text/calendar {number}\r\n"
        f"Date: {datetime.now(UTC):%a, %d %b %Y %H:%M:%S +0000}\r\nMessage-ID: <plain.{number}@example.net>\r\n{extra}"
        "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nBEGIN:VCALENDAR is not one.\r\n"
    ).encode()


def put(client: IMAP4, folder: str, message: bytes, *, flags: str = "", at: datetime | None = None) -> int:
    """APPEND as another client; the UID."""
    when = Time2Internaldate((at or datetime.now(UTC)).astimezone(UTC))
    status, answer = client.append(folder, flags, when, message)
    assert status == "OK", answer
    found = answer[0].partition(b"APPENDUID ")[2].partition(b"]")[0].split()
    return int(found[1]) if found else 0


def draft(name: str, body: str = "Thank you for your time.\n", *, to: str = "erika@corp.example") -> Draft:
    """A draft as the daemon makes them: our token among the references, the invite as the parent."""
    return Draft(
        message_id=f"<{name}@example.org>",
        sender=Address("alice@example.org", "Alice Doe"),
        to=(Address(to, "Erika Mustermann"),),
        subject="Thank you",
        body=body,
        date=datetime.now(UTC),
        in_reply_to="<invite@corp.example>",
        references=(f"<token.{name}@example.org>", "<invite@corp.example>"),
    )


def probe(name: str, ref: object = None, *, to: str = "erika@corp.example", since: datetime | None = None) -> Probe:
    """What the daemon asks about that draft."""
    return Probe(
        key=name,
        message_id=f"<{name}@example.org>",
        token=f"<token.{name}@example.org>",
        parent="<invite@corp.example>",
        recipient=to,
        since=since or datetime.now(UTC) - timedelta(hours=3),
        ref=ref,  # type: ignore[arg-type] # a DraftRef or None
    )
