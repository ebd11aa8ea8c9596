"""The address of an Exchange server may be given whole; a password never travels unprotected beyond this machine."""

from pathlib import Path

import pytest

from config.errors import ConfigError
from config.load import parse_account

TEXT = """
[owner]
name = "Mara"
addresses = ["mara@lindgren.example"]

[mailbox]
kind = "exchange"
endpoint = "{endpoint}"
password = "env:EWS_PASSWORD"
auth = "basic"

[[calendars]]
kind = "exchange"
"""


@pytest.mark.parametrize(
    "endpoint", ["https://mail.example.org/EWS/Exchange.asmx", "http://127.0.0.1:8080/EWS/Exchange.asmx"]
)
def test_an_endpoint_is_taken_and_inherited(endpoint: str) -> None:
    config = parse_account(TEXT.format(endpoint=endpoint), Path("mara.toml"))
    assert config.mailbox.endpoint == endpoint  # type: ignore[union-attr] # it is an Exchange mailbox
    assert config.calendars[0].endpoint == endpoint  # type: ignore[union-attr] # it inherits the mailbox's


def test_plain_http_beyond_this_machine_is_refused_with_its_key() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_account(TEXT.format(endpoint="http://mail.example.org/EWS/Exchange.asmx"), Path("mara.toml"))
    assert any(problem.key == "mailbox.endpoint" for problem in caught.value.problems)
