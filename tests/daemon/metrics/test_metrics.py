"""The OpenMetrics endpoint, scraped as Prometheus would."""

import http.client
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from config.errors import ConfigError
from config.load import parse_account
from config.schema import AccountConfig
from daemon.accounts import open_store, paths_for
from daemon.core.facts import Health
from daemon.metrics import endpoints

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
CONFIG = """\
[owner]
name = "Ada Example"
addresses = ["ada@example.org"]
timezone = "UTC"
[mailbox]
kind = "maildir"
path = "Mail"
[service]
metrics = "{where}"
"""


def _account(tmp_path: Path, where: str) -> AccountConfig:
    return parse_account(CONFIG.format(where=where), tmp_path / "ada.toml")


def _stored(config: AccountConfig, state: Path) -> None:
    paths_for(config, state).state_dir.mkdir(parents=True)
    with open_store(config, state, now=NOW) as store:
        mine = store.account(config.name)
        mine.set_up(NOW)
        mine.set_health(Health("maildir", last_good=NOW))
        mine.set_health(Health("vdir", last_good=NOW - timedelta(days=1), failing_since=NOW, error="secret@x.example"))


def _port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _samples(body: str) -> dict[tuple[str, str], float]:
    return {
        (sample.name, sample.labels.get("port") or sample.labels.get("state") or ""): sample.value
        for family in text_string_to_metric_families(body)
        for sample in family.samples
    }


def test_counts_and_times_are_told_on_loopback_and_nothing_of_what_they_are_about(tmp_path: Path) -> None:
    port = _port()
    config = _account(tmp_path, f"127.0.0.1:{port}")
    _stored(config, tmp_path / "state")
    with endpoints([config], tmp_path / "state", lambda: NOW):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("GET", "/metrics")
        answer = connection.getresponse()
        body = answer.read().decode()
        connection.request("GET", "/else")
        assert connection.getresponse().status == 404
    assert answer.headers["Content-Type"].startswith("application/openmetrics-text")
    seen = _samples(body)
    assert seen["afterword_store_readable", ""] == 1
    assert seen["afterword_port_up", "maildir"] == 1
    assert seen["afterword_port_up", "vdir"] == 0
    assert seen["afterword_port_last_good_timestamp_seconds", "maildir"] == NOW.timestamp()
    assert seen["afterword_follow_ups", "untouched"] == 0
    assert "@" not in body
    assert "Ada" not in body


def test_a_unix_socket_is_the_owner_s_alone_and_goes_with_the_service(tmp_path: Path) -> None:
    path = tmp_path / "metrics.sock"
    config = _account(tmp_path, f"unix:{path}")
    with endpoints([config], tmp_path / "state", lambda: NOW):
        assert path.stat().st_mode & 0o777 == 0o600
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(10)
            client.connect(str(path))
            client.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
            answer = b"".join(iter(lambda: client.recv(65536), b""))
    assert b" 200 " in answer.partition(b"\r\n")[0]
    assert b"# EOF" in answer
    assert not path.exists()


def test_an_address_that_is_taken_stops_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        config = _account(tmp_path, f"127.0.0.1:{taken.getsockname()[1]}")
        with endpoints([config], tmp_path / "state", lambda: NOW):
            assert "no metrics at 127.0.0.1" in caplog.text


@pytest.mark.parametrize("where", ["0.0.0.0:9464", "192.0.2.1:9464", "9464", "unix:relative", "example.org:80"])
def test_other_machines_are_told_nothing(tmp_path: Path, where: str) -> None:
    with pytest.raises(ConfigError) as told:
        _account(tmp_path, where)
    assert told.value.problems[0].key == "service.metrics"


def test_it_is_off_unless_asked_for(tmp_path: Path) -> None:
    config = _account(tmp_path, "127.0.0.1:9464")
    text = CONFIG.partition("[service]")[0]
    assert config.service.metrics
    assert parse_account(text, tmp_path / "ada.toml").service.metrics == ""
