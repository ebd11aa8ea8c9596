"""Putting together what belongs to one interview: seen twice, invited twice, or the blocks of an onsite."""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from datetime import UTC
from zoneinfo import ZoneInfo

from daemon.core.model import Assessment, Interview, Owner


def join(assessments: Sequence[Assessment], owner: Owner, account_key: bytes) -> tuple[Interview, ...]:
    """The interviews among these assessments, ordered by start."""
    found = [_alone(one, owner, account_key) for one in assessments if one.interview]
    return tuple(sorted(found, key=lambda interview: (interview.start, interview.id)))


def _alone(one: Assessment, owner: Owner, account_key: bytes) -> Interview:
    event = one.event
    zone = event.start.tzinfo if isinstance(event.start.tzinfo, ZoneInfo) else owner.zone
    return Interview(
        _id((one,), account_key),
        (one,),
        event.start,
        event.end,
        zone,
        one.outcome,
        one.language,
        one.role,
        one.company,
        one.stage,
        one.interviewers,
        one.recipients,
        one.excluded,
        one.relay,
        one.formality,
        one.company_domain,
        one.reasons,
    )


def _id(parts: Sequence[Assessment], account_key: bytes) -> str:
    uids = sorted({part.event.uid for part in parts})
    day = min(part.event.start for part in parts).astimezone(UTC).date().isoformat()
    digest = hmac.new(account_key, "\0".join(["interview", day, *uids]).encode(), hashlib.sha256).digest()
    return base64.b32encode(digest[:5]).decode().lower()
