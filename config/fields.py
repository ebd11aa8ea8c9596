"""The kinds of value a config file may hold. Messages of a ValueError never repeat the value: it may be a secret."""

import ipaddress
import re
from collections.abc import Callable
from datetime import time, timedelta
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import tzlocal
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, ValidationInfo
from pydantic.functional_validators import PlainValidator
from pydantic_core import PydanticCustomError

from config.secrets import REMEDY as SECRET_REMEDY
from config.secrets import SecretRef


class Table(BaseModel):
    """One TOML table: nothing unknown, nothing converted, nothing changed afterwards, nothing shown in an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)


def wrong(message: str, *where: str | int, remedy: str = "") -> PydanticCustomError:
    """A problem that a table as a whole shows; `where` is the key to blame, from that table on."""
    return PydanticCustomError("wrong", message, {"where": where, "remedy": remedy})


_UNITS: Final = {
    "s": timedelta(seconds=1),
    "sec": timedelta(seconds=1),
    "second": timedelta(seconds=1),
    "min": timedelta(minutes=1),
    "minute": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
}
_DURATION = re.compile(r"\s*([0-9]{1,6})\s*([a-z]+?)s?\s*", re.ASCII)
_ADDRESS = re.compile(r"""[^@\s<>,;:()"\\\x00-\x1f]+@[^@\s<>,;:()"\\\x00-\x1f.]+(\.[^@\s<>,;:()"\\\x00-\x1f.]+)*""")
_DOMAIN = re.compile(r"(?=.{1,253}$)[\w-]+(\.[\w-]+)*")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")


def parse_duration(text: str) -> timedelta:
    """Read '15 min', '2 hours', '7 days'. Raises ValueError."""
    match = _DURATION.fullmatch(text)
    if match is None:
        msg = 'a span of time is written as a number and a unit, such as "30 s", "15 min", "2 hours" or "7 days"'
        raise ValueError(msg)
    unit = _UNITS.get(match[2])
    if unit is None:
        msg = "the unit of a span of time is one of s, min, hours, days, weeks"
        raise ValueError(msg)
    return int(match[1]) * unit


def format_duration(span: timedelta) -> str:
    """The shortest exact form that `parse_duration` reads back."""
    for unit, name in ((timedelta(days=1), "day"), (timedelta(hours=1), "hour"), (timedelta(minutes=1), "min")):
        if span and span % unit == timedelta(0):
            count = span // unit
            return f"{count} {name}{'s' if count != 1 and name != 'min' else ''}"
    return f"{span // timedelta(seconds=1)} s"


def _duration(least: timedelta, most: timedelta) -> Callable[[object], timedelta]:
    def read(value: object) -> timedelta:
        if isinstance(value, str):
            try:
                value = parse_duration(value)
            except ValueError as error:
                raise wrong(str(error), remedy='write it like "15 min" or "2 hours"') from None
        if not isinstance(value, timedelta):
            raise wrong("a span of time is written as text", remedy='write it like "15 min" or "2 hours"')
        if not least <= value <= most:
            raise wrong("this is out of bounds", remedy=f"use {format_duration(least)} to {format_duration(most)}")
        return value

    return read


def _clock(value: object) -> time:
    if isinstance(value, str):
        match = re.fullmatch(r"([01]?[0-9]|2[0-3]):([0-5][0-9])", value.strip(), re.ASCII)
        if match:
            return time(int(match[1]), int(match[2]))
    if isinstance(value, time) and value.tzinfo is None:
        return value.replace(second=0, microsecond=0)
    raise wrong("this is no time of day", remedy='write it as "HH:MM", such as "18:30"')


def _path(value: object, info: ValidationInfo) -> Path:
    if isinstance(value, Path):
        return value
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        raise wrong("this is no path", remedy='write it as text, such as "~/Mail"')
    try:
        path = Path(value).expanduser()
    except RuntimeError:
        raise wrong("the home folder that ~ stands for cannot be told", remedy="write the whole path") from None
    folder = (info.context or {}).get("folder")
    return folder / path if folder else path


def _secret_ref(value: object, info: ValidationInfo) -> SecretRef:
    if isinstance(value, SecretRef):
        return value
    if not isinstance(value, str):
        raise wrong("a reference to a secret is written as text", remedy=SECRET_REMEDY)
    try:
        return SecretRef.parse(value, (info.context or {}).get("folder"))
    except ValueError as error:
        raise wrong(str(error), remedy=SECRET_REMEDY) from None


def is_address(text: str) -> bool:
    """Whether this is a bare e-mail address (RFC 5322 section 3.4.1, without quoting and comments)."""
    return bool(_ADDRESS.fullmatch(text.strip()))


def _address(value: str) -> str:
    text = value.strip()
    if not is_address(text):
        raise wrong("this is no e-mail address", remedy="write it bare: you@example.org")
    return text.lower()


def _domain(value: str) -> str:
    text = value.strip().lower().removeprefix("@").rstrip(".")
    if not _DOMAIN.fullmatch(text):
        raise wrong("this is no domain", remedy="write it bare: example.org")
    return text


def _host(value: str) -> str:
    text = value.strip()
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return _domain_or_refuse(text)
    return text


def _domain_or_refuse(text: str) -> str:
    if not _DOMAIN.fullmatch(text):
        raise wrong("this is no host name", remedy="write it bare, without scheme, port or path: mail.example.org")
    return text.lower()


def _zone(value: str) -> str:
    if not value:
        try:
            value = tzlocal.get_localzone_name()
        except (LookupError, ValueError, OSError):
            value = ""
        if not value:
            raise wrong("the system's time zone cannot be told", remedy='set it, such as timezone = "Europe/Berlin"')
    try:
        ZoneInfo(value)
    except (LookupError, ValueError, OSError):
        raise wrong(
            "this is no IANA time zone", remedy='use one such as "Europe/Berlin" or "America/New_York"'
        ) from None
    return value


def _language(value: str) -> str:
    if not _LANGUAGE.fullmatch(value):
        raise wrong("this is no language", remedy='write a BCP 47 tag, such as "en", "de" or "pt-BR"')
    return value


def _url(value: str) -> str:
    try:
        parts = urlsplit(value.strip())
        host, user = parts.hostname, parts.username or parts.password
        _ = parts.port
    except ValueError:
        host, user = None, None
    if not host or parts.scheme not in {"https", "http"}:
        raise wrong("this is no web address", remedy="write it whole: https://dav.example.org/")
    if user:
        raise wrong("a user name or password must not stand in the address", remedy="use username and password")
    return value.strip()


def is_loopback(host: str) -> bool:
    """Whether a host name or IP address can only mean this machine (RFC 6761 section 6.3, RFC 5735, RFC 4291)."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _one_line(value: str) -> str:
    text = value.strip()
    if not text:
        raise wrong("this is empty", remedy="write something, or remove the key")
    if any(ord(char) < 32 for char in text):
        raise wrong("this has a line break or control character", remedy="write a single line")
    return text


def within(least: str, most: str) -> Callable[[object], timedelta]:
    """A validator for spans between two spans, both written as in the file."""
    return _duration(parse_duration(least), parse_duration(most))


_AsSpan = PlainSerializer(format_duration, return_type=str)
Interval = Annotated[timedelta, BeforeValidator(within("30 s", "1 day")), _AsSpan]
"""How often: 30 s to a day."""
Delay = Annotated[timedelta, BeforeValidator(within("0 s", "14 days")), _AsSpan]
"""How long after: none to a fortnight."""
LookBack = Annotated[timedelta, BeforeValidator(within("1 day", "365 days")), _AsSpan]
Clock = Annotated[time, BeforeValidator(_clock), PlainSerializer(lambda value: f"{value:%H:%M}", return_type=str)]
FilePath = Annotated[Path, PlainValidator(_path), PlainSerializer(str, return_type=str)]
"""`~` is the home folder; a relative path starts at the config file's folder."""
Ref = Annotated[SecretRef, PlainValidator(_secret_ref), PlainSerializer(str, return_type=str)]
Address = Annotated[str, AfterValidator(_address)]
"""Canonical: lower-case, bare."""
Domain = Annotated[str, AfterValidator(_domain)]
Host = Annotated[str, AfterValidator(_host)]
Zone = Annotated[str, AfterValidator(_zone)]
Language = Annotated[str, AfterValidator(_language)]
Url = Annotated[str, AfterValidator(_url)]
Line = Annotated[str, AfterValidator(_one_line)]
Port = Annotated[int, Field(ge=1, le=65535)]
