"""Every dataclass that is kept as text comes back as it was."""

import json
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from connectors.model import Address, DraftRef, Event, Invite, Method, Observation, Place
from daemon.core.facts import Act, FollowUp, Health, SentNote
from daemon.core.model import Recipient, RecipientKind
from daemon.store import payload
from daemon.store.errors import StoreCorrupt

NOW = datetime(2026, 11, 20, 16, tzinfo=UTC)
KINDS: list[Any] = [Invite, FollowUp, Observation, tuple[Place, ...], Act, SentNote, Health, Address, DraftRef]
ZONES = st.sampled_from([UTC, ZoneInfo("Europe/Berlin"), ZoneInfo("UTC"), timezone(timedelta(hours=5, minutes=45))])
# By way of UTC, so that `fold` is set only where the hour comes twice.
MOMENTS = st.builds(
    lambda seconds, zone: (NOW + timedelta(seconds=seconds)).astimezone(zone), st.integers(-(10**9), 10**10), ZONES
)
st.register_type_strategy(datetime, MOMENTS)


@pytest.mark.parametrize("kind", KINDS, ids=str)
@given(data=st.data())
@settings(
    max_examples=20, deadline=None, phases=(Phase.explicit, Phase.generate), suppress_health_check=list(HealthCheck)
)
def test_it_comes_back_as_it_was(kind: Any, data: st.DataObject) -> None:
    value = data.draw(st.from_type(kind))
    back = payload.load(kind, payload.dump(kind, value))
    assert back == value
    assert repr(back) == repr(value)


def test_a_zone_that_is_not_known_here_leaves_the_instant() -> None:
    text = '{"port":"mail","last_good":{"@":"2026-11-20T17:00:00+01:00[Mars/Olympus]"},"of_tomorrow":1}'
    assert payload.load(Health, text).last_good == NOW


def test_a_string_cannot_pass_for_a_time() -> None:
    address = Address('{"@": "2026-11-20"}', "@")
    assert payload.load(Address, payload.dump(Address, address)) == address


def test_a_lone_surrogate_is_replaced() -> None:
    assert payload.load(Address, payload.dump(Address, Address("a@b", "\udc80x\x00"))).name == "?x\x00"


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(ValueError, match="naive"):
        payload.dump(Health, Health("mail", last_good=datetime(2026, 1, 1)))  # noqa: DTZ001 - that it is naive is the point


@pytest.mark.parametrize(
    "text", ["{", "[]", "{}", '{"email": 7}', '{"email": {"@": "never"}}', '{"email": "Geheim", "name": 7}']
)
def test_what_cannot_be_read_is_refused_without_being_quoted(text: str) -> None:
    with pytest.raises(StoreCorrupt, match="Address") as caught:
        payload.load(Address, text)
    assert "Geheim" not in str(caught.value)


def test_fields_that_came_later_get_their_default() -> None:
    full = FollowUp(
        "k", "i", ("u",), Recipient("Ada", "a@b", RecipientKind.RELAY, "why"), "t", NOW, "UTC", NOW, "m", "t", "p"
    )
    older = {
        name: value
        for name, value in json.loads(payload.dump(FollowUp, full)).items()
        if name not in {"stage", "references"}
    }
    assert payload.load(FollowUp, json.dumps(older)) == full
    note = SentNote("k", "m", date(2026, 11, 20), "reminder", NOW)
    assert payload.load(SentNote, payload.dump(SentNote, note)) == note
    event = Event("u", NOW, NOW)
    invite = Invite("k", "u", Method.REQUEST, (event,))
    bare = json.loads(payload.dump(Invite, invite))
    bare["events"] = [{name: bare["events"][0][name] for name in ("uid", "start", "end")}]
    assert payload.load(Invite, json.dumps(bare)) == invite
