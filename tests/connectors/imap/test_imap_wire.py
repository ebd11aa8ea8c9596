"""Octets to responses and back, without a server: literals, pieces split anywhere, hostile structures."""

import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.imap.scan import BYTES_PER_COMMAND, IDS_PER_COMMAND, chunks, parse_fetched
from connectors.imap.structure import imap_uid, mentions_calendar, read_plan
from connectors.imap.syntax import flat, quoted, uid_set
from connectors.imap.wire import Dropped, Garbled, Refused, Wire


@pytest.fixture
def ends() -> Iterator[tuple[Wire, socket.socket]]:
    ours, theirs = socket.socketpair()
    ours.settimeout(5)
    yield Wire(ours), theirs
    ours.close()
    theirs.close()


def answer(theirs: socket.socket, *pieces: bytes) -> threading.Thread:
    """Send these octets, piece by piece, from another thread."""

    def run() -> None:
        with contextlib.suppress(OSError):
            for piece in pieces:
                theirs.sendall(piece)

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_literals_in_the_middle_of_a_line_and_pipelined_answers(ends: tuple[Wire, socket.socket]) -> None:
    wire, theirs = ends
    data = b'* LIST () "/" {5}\r\nEntw\xff more\r\n* 3 EXISTS\r\nw1 OK done\r\nw2 NO [NONEXISTENT] no\r\n'
    thread = answer(theirs, *[data[i : i + 1] for i in range(len(data))])
    first, second = wire.attempt(b'LIST "" "*"', b"STATUS x (MESSAGES)")
    thread.join()
    assert not isinstance(first, Refused)
    assert [flat(response) for response in first.responses] == [b'LIST () "/" "Entw\xff" more', b"3 EXISTS"]
    assert isinstance(second, Refused)
    assert (second.verb, second.code, second.text) == ("STATUS", "NONEXISTENT", "no")
    assert wire.in_step


def test_a_stream_left_midway_is_out_of_step(ends: tuple[Wire, socket.socket]) -> None:
    wire, theirs = ends
    answer(theirs, b"* 1 FETCH (UID 1)\r\n* 2 FETCH (UID 2)\r\nw1 OK done\r\n").join()
    next(iter(wire.stream([b"UID FETCH 1:2 (UID)"])))
    assert not wire.in_step


def test_a_refused_command_in_a_stream_leaves_the_wire_in_step(ends: tuple[Wire, socket.socket]) -> None:
    wire, theirs = ends
    answer(theirs, b"w1 NO [EXPUNGEISSUED] later\r\n* 2 FETCH (UID 2)\r\nw2 OK done\r\n").join()
    with pytest.raises(Refused, match="later"):
        list(wire.stream([b"UID FETCH 1 (UID)", b"UID FETCH 2 (UID)"]))
    assert wire.in_step


def test_a_farewell_is_kept_for_the_error(ends: tuple[Wire, socket.socket]) -> None:
    wire, theirs = ends
    answer(theirs, b"* BYE [UNAVAILABLE] going down\r\n").join()
    theirs.shutdown(socket.SHUT_WR)
    with pytest.raises(Dropped, match="going down") as caught:
        wire.run(b"NOOP")
    assert caught.value.code == "UNAVAILABLE"


def test_a_line_without_an_end_is_given_up(ends: tuple[Wire, socket.socket]) -> None:
    wire, theirs = ends
    thread = answer(theirs, b"x" * 5_000_000)
    with pytest.raises(Garbled):
        wire.run(b"NOOP")
    theirs.close()
    wire.close()
    thread.join()


def test_a_polled_line_that_is_split_waits_for_its_end(ends: tuple[Wire, socket.socket]) -> None:
    wire, theirs = ends
    wire.sock.setblocking(False)
    theirs.sendall(b"* 3 EXI")
    assert wire.poll() == []
    theirs.sendall(b"STS\r\n* 1 RECENT\r\n* OK")
    assert wire.poll() == [b"* 3 EXISTS", b"* 1 RECENT"]


@given(st.lists(st.integers(1, 2**32 - 1), unique=True, max_size=400))
def test_sequence_sets_name_exactly_these_uids(uids: list[int]) -> None:
    named: set[int] = set()
    for part in uid_set(sorted(uids)).split(b",") if uids else []:
        first, _, last = part.partition(b":")
        named |= set(range(int(first), int(last or first) + 1)) if int(last or first) - int(first) < 1_000 else set()
    assert named == set(uids)


@pytest.mark.parametrize("step", [1, 2, 7])
def test_chunks_stay_under_what_servers_take(step: int) -> None:
    uids = list(range(1, 60_000, step))
    sets = list(chunks(uids))
    assert all(len(each) <= BYTES_PER_COMMAND for each in sets)
    count = 0
    for each in sets:
        here = 0
        for part in each.split(b","):
            first, _, last = part.partition(b":")
            here += int(last or first) - int(first) + 1
        assert here <= IDS_PER_COMMAND
        count += here
    assert count == len(uids)


@pytest.mark.parametrize("text", ["a\r\nb", "nul\0", "ümlaut"])
def test_what_cannot_be_quoted_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="quoted"):
        quoted(text)


@given(st.binary(max_size=300))
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_hostile_structures_raise_nothing_but_value_error(noise: bytes) -> None:
    line = b"1 FETCH (UID 7 BODYSTRUCTURE (" + noise.replace(b"\r", b"").replace(b"\n", b"") + b"))"
    mentions_calendar((line,))
    imap_uid((line,))
    parse_fetched((line,))
    with contextlib.suppress(ValueError):
        plan = read_plan((line,))
        assert plan is None or plan.calendars


def test_a_structure_nested_without_end_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="BODYSTRUCTURE"):
        read_plan((b"1 FETCH (UID 7 BODYSTRUCTURE " + b"(" * 50_000 + b'"calendar"' + b")" * 50_000 + b")",))


def test_sections_inside_an_attached_message() -> None:
    inner = (
        b'(("TEXT" "PLAIN" NIL NIL NIL "7BIT" 5 1)'
        b'("TEXT" "CALENDAR" ("METHOD" "REQUEST") NIL NIL "BASE64" 99 3) "MIXED")'
    )
    sole = b'("TEXT" "CALENDAR" NIL NIL NIL "7BIT" 99 3)'
    envelope = b"(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)"
    for body, size, section in ((inner, 9_000_000, "2.2"), (sole, 9_000_000, "2.1"), (inner, 300, "2")):
        line = (
            b'1 FETCH (UID 9 BODYSTRUCTURE (("TEXT" "HTML" NIL NIL NIL "7BIT" 5 1)'
            b'("MESSAGE" "RFC822" NIL NIL NIL "7BIT" %d %s %s 9) "MIXED"))' % (size, envelope, body)
        )
        plan = read_plan((line,))
        assert plan is not None
        assert [part.section for part in plan.calendars] == [section]
        assert plan.text is not None
        assert plan.uid == 9


def test_ordinary_mail_is_not_parsed() -> None:
    line = b'1 FETCH (UID 9 BODYSTRUCTURE ("TEXT" "PLAIN" ("CHARSET" "utf-8") NIL NIL "7BIT" 5 1))'
    assert not mentions_calendar((line,))
    assert read_plan((line,)) is None


@given(
    st.lists(
        st.sampled_from([b"* 1 FETCH keep", b"* 2 FETCH drop", b"* 3 FETCH {4}\r\na\r\nb keep", b"* OK drop"]),
        max_size=8,
    ),
    st.lists(st.sampled_from([b"* 4 FETCH keep", b"* 5 FETCH drop"]), max_size=4),
    st.integers(1, 40),
)
def test_a_skimmed_stream_drops_only_what_is_not_wanted(first: list[bytes], second: list[bytes], size: int) -> None:
    ours, theirs = socket.socketpair()
    ours.settimeout(5)
    data = b"".join(line + b"\r\n" for line in (*first, b"w1 OK done", *second, b"w2 OK done"))
    thread = answer(theirs, *[data[at : at + size] for at in range(0, len(data), size)])
    wire = Wire(ours)
    found = [flat(each) for each in wire.stream([b"UID FETCH 1 (X)", b"UID FETCH 2 (X)"], lambda line: b"keep" in line)]
    thread.join()
    kept = [line[2:] for line in (*first, *second) if b"keep" in line]
    assert found == [line.replace(b"{4}\r\na\r\nb", b'"a\r\nb"') for line in kept]
    assert wire.in_step
    ours.close()
    theirs.close()
