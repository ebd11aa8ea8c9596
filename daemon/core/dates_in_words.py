"""Days as people write them in a letter, in eleven languages and more: CLDR patterns, rendered by babel. Pure."""

from collections.abc import Sequence
from datetime import date, datetime
from functools import cache

from babel import Locale
from babel.core import UnknownLocaleError
from babel.dates import format_date, format_time
from babel.lists import format_list

_FALLBACK = "en"


@cache
def locale_of(language: str) -> Locale:
    """The CLDR locale of a BCP 47 tag; the bare language where the region is not known, English where neither is."""
    for tag in (language.replace("-", "_"), language.replace("_", "-").partition("-")[0]):
        try:
            return Locale.parse(tag)
        except (UnknownLocaleError, ValueError, TypeError):
            continue
    return Locale.parse(_FALLBACK)


def day_in_words(day: date, pattern: str, language: str) -> str:
    """`day` in a CLDR date pattern (UTS 35 part 4), with the month and weekday names of `language`."""
    return format_date(day, pattern, locale=locale_of(language))


def time_in_words(when: datetime, language: str) -> str:
    """The time of day of an aware datetime, in its own zone, in the short form of `language`."""
    return format_time(when.timetz(), "short", tzinfo=when.tzinfo, locale=locale_of(language))


def list_in_words(items: Sequence[str], language: str) -> str:
    """`a, b and c` with the commas and the conjunction of `language` (es: 'e' before an i sound)."""
    return format_list(list(items), style="standard", locale=locale_of(language))
