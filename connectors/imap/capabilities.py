"""What a server can do, as it says itself, and what is known of it by name."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

_RIGHT_ABOUT_MIME = (b"dovecot", b"cyrus", b"gimap", b"gmail", b"exchange", b"zimbra", b"fastmail", b"icloud")
"""Software whose BODYSTRUCTURE tells a calendar part also where MIME-Version is missing (Courier's does not)."""


@dataclass(frozen=True, slots=True)
class Features:
    """The capabilities after login (RFC 3501 section 7.2.1) that Afterword makes use of."""

    names: frozenset[str]
    software: bytes = b""
    """Greeting and answer to ID, lower case."""

    @classmethod
    def of(cls, words: Iterable[bytes], greeting: bytes) -> "Features":
        """From the words of CAPABILITY."""
        return cls(frozenset(word.decode("ascii", "replace").upper() for word in words), greeting.lower())

    def naming(self, identity: bytes) -> "Features":
        """With the answer to ID (RFC 2971)."""
        return replace(self, software=self.software + b" " + identity.lower())

    @property
    def condstore(self) -> bool:
        """HIGHESTMODSEQ and MODSEQ (RFC 7162)."""
        return bool(self.names & {"CONDSTORE", "QRESYNC"})

    @property
    def uidplus(self) -> bool:
        """APPENDUID and UID EXPUNGE (RFC 4315)."""
        return bool(self.names & {"UIDPLUS", "IMAP4REV2"})

    @property
    def special_use(self) -> bool:
        """Roles of folders in LIST (RFC 6154)."""
        return bool(self.names & {"SPECIAL-USE", "IMAP4REV2"})

    @property
    def list_status(self) -> bool:
        """LIST with the status of each folder (RFC 5819)."""
        return bool(self.names & {"LIST-STATUS", "IMAP4REV2"})

    @property
    def esearch(self) -> bool:
        """SEARCH RETURN (RFC 4731)."""
        return bool(self.names & {"ESEARCH", "IMAP4REV2"})

    @property
    def idle(self) -> bool:
        """IDLE (RFC 2177)."""
        return bool(self.names & {"IDLE", "IMAP4REV2"})

    @property
    def compress(self) -> bool:
        """COMPRESS=DEFLATE (RFC 4978)."""
        return "COMPRESS=DEFLATE" in self.names

    def append_at_once(self, size: int) -> bool:
        """Whether a literal of this size needs no go-ahead (RFC 7888)."""
        if "LITERAL+" in self.names:
            return True
        return size <= 4096 and bool(self.names & {"LITERAL-", "IMAP4REV2"})

    @property
    def doubtful_structure(self) -> bool:
        """Whether BODYSTRUCTURE may call a calendar text/plain where MIME-Version is missing."""
        return not any(name in self.software for name in _RIGHT_ABOUT_MIME)
