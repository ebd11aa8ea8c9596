"""IDLE on a real server, through a proxy that breaks the line."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from connectors.imap.push import Hub, Rhythm, Subscribed
from connectors.ports import Watchable
from tests.connectors.imap.conftest import Account
from tests.connectors.imap.mails import plain, put
from tests.servers.tcp_proxy import Proxy

BRISK = Rhythm(renew=600, answer=0.5, nap=30, first_retry=0.05, last_retry=0.2)


class Bell:
    """Counts wake-ups and waits for the next one."""

    def __init__(self) -> None:
        self.count = 0
        self._changed = threading.Condition()

    def __call__(self) -> None:
        with self._changed:
            self.count += 1
            self._changed.notify_all()

    def wait_for(self, count: int) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: self.count >= count, 15), f"{self.count} wake-ups, not {count}"


@pytest.fixture
def hub() -> Iterator[Hub]:
    made = Hub(BRISK)
    yield made
    assert made._thread is None or not made._watches


def eventually(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 15
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def watch(hub: Hub, account: Account, bell: Bell, port: int | None = None) -> Subscribed:
    return hub.watch(account.user.name, account.session(port=port).another, bell)


def test_a_new_message_wakes_and_a_closed_subscription_does_not(account: Account, hub: Hub) -> None:
    bell = Bell()
    subscription = watch(hub, account, bell)
    bell.wait_for(1)
    client = account.other_client()
    put(client, "INBOX", plain(1))
    bell.wait_for(2)
    subscription.close()
    put(client, "INBOX", plain(2))
    eventually(lambda: hub._thread is None)
    assert bell.count == 2


def test_two_subscribers_of_one_login_share_a_connection(account: Account, hub: Hub) -> None:
    first, second = Bell(), Bell()
    one, two = watch(hub, account, first), watch(hub, account, second)
    first.wait_for(1)
    put(account.other_client(), "INBOX", plain(1))
    first.wait_for(2)
    second.wait_for(1)
    assert hub.connects == 1
    one.close()
    assert two.watch.watching
    two.close()


def test_a_cut_line_is_mended_and_told(account: Account, hub: Hub) -> None:
    bell = Bell()
    with Proxy(account.server.port) as proxy:
        subscription = watch(hub, account, bell, proxy.port)
        bell.wait_for(1)
        proxy.cut()
        bell.wait_for(2)
        eventually(lambda: subscription.watch.watching)
        put(account.other_client(), "INBOX", plain(1))
        bell.wait_for(3)
        subscription.close()


def test_a_server_that_is_away_is_not_hammered(account: Account, hub: Hub) -> None:
    bell = Bell()
    with Proxy(account.server.port) as proxy:
        subscription = watch(hub, account, bell, proxy.port)
        bell.wait_for(1)
        proxy.refuse()
        time.sleep(1.0)
        # Pauses of 25 to 200 ms: at 0.05 s first and 0.2 s later, jittered by half.
        assert 2 <= hub.connects <= 25
        assert hub.turns < 150
        proxy.accept()
        bell.wait_for(2)
        subscription.close()


def test_a_half_open_line_is_noticed_by_the_renewal(account: Account) -> None:
    hub = Hub(Rhythm(renew=0.3, answer=0.3, nap=30, first_retry=0.05, last_retry=0.2))
    bell = Bell()
    with Proxy(account.server.port) as proxy:
        subscription = watch(hub, account, bell, proxy.port)
        bell.wait_for(1)
        proxy.deafen()
        bell.wait_for(2)
        put(account.other_client(), "INBOX", plain(1))
        bell.wait_for(3)
        subscription.close()


def test_idle_is_issued_anew_on_one_connection(account: Account) -> None:
    hub = Hub(Rhythm(renew=0.1, answer=5, nap=30))
    bell = Bell()
    subscription = watch(hub, account, bell)
    bell.wait_for(1)
    first = subscription.watch.tag
    eventually(lambda: int(subscription.watch.tag[1:]) >= int(first[1:]) + 3)
    put(account.other_client(), "INBOX", plain(1))
    bell.wait_for(2)
    assert hub.connects == 1
    assert bell.count == 2
    subscription.close()


def test_sleep_of_the_machine_renews_at_once(account: Account, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    bell = Bell()
    with Proxy(account.server.port) as proxy:
        subscription = watch(hub, account, bell, proxy.port)
        bell.wait_for(1)
        proxy.deafen()
        before = time.time()
        monkeypatch.setattr("connectors.imap.push.time.time", lambda: before + 3_600)
        hub._ring()
        bell.wait_for(2)
        subscription.close()


def test_nothing_turns_while_nothing_happens(account: Account, hub: Hub) -> None:
    bell = Bell()
    subscription = watch(hub, account, bell)
    bell.wait_for(1)
    eventually(lambda: subscription.watch.watching)
    time.sleep(0.2)
    before = hub.turns
    time.sleep(1.0)
    assert hub.turns == before
    subscription.close()


def test_a_refused_login_waits_long(account: Account, hub: Hub) -> None:
    bell = Bell()
    subscription = hub.watch("refused", account.session(password="wrong").another, bell)
    eventually(lambda: subscription.watch.failures == 1)
    assert subscription.watch.deadline - time.monotonic() > 400
    assert bell.count == 0
    subscription.close()


def test_a_subscriber_that_raises_stops_nobody(account: Account, new_account: Callable[..., Account], hub: Hub) -> None:
    def bad() -> None:
        raise RuntimeError("a bug")

    bell = Bell()
    failing = hub.watch("bad", account.session().another, bad)
    fine = watch(hub, new_account(), bell)
    bell.wait_for(1)
    failing.close()
    fine.close()


def test_the_ports_are_watchable(account: Account) -> None:
    assert isinstance(account.mailbox(), Watchable)
    assert isinstance(account.calendar(), Watchable)
    bell = Bell()
    subscription = account.mailbox().subscribe(bell)
    bell.wait_for(1)
    subscription.close()
