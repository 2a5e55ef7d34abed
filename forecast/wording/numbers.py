"""How numbers read on the pages: units always, and no more digits than the Monte Carlo error supports."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from typing import Final

from forecast.answer import Interval, IntervalError

NO_BREAK_SPACE: Final = "\u00a0"
EN_DASH: Final = "\u2013"
MINUS: Final = "\u2212"
NONE: Final = "\u2013"
"""Shown where there is no number."""

SMALLEST_SHOWN: Final = 0.001
"""Probabilities nearer to 0 or 1 than this read "<0.1 %" or ">99.9 %"."""

PRECISE_MCSE: Final = 0.001
"""A tenth of a percent is shown only where the error is no larger than one."""

MAX_TITLE_CHARACTERS: Final = 90


def percent_digits(mcse: float | None) -> int:
    """Decimals of a percentage that its error supports: 0.4137 with an error of 0.006 reads 41 %."""
    return 1 if mcse is not None and mcse <= PRECISE_MCSE else 0


def percent_number(probability: float, digits: int = 0, *, is_certain: bool = False) -> str:
    """A probability in percent, without the sign; near the ends with one decimal at least.

    Parameters
    ----------
    is_certain
        Whether 0 and 1 are known, and not merely what a finite number of draws gave.
    """
    if is_certain and probability in (0.0, 1.0):
        return f"{100 * probability:.0f}"
    if probability < SMALLEST_SHOWN:
        return "<0.1"
    if probability > 1 - SMALLEST_SHOWN:
        return ">99.9"
    if not 0.01 <= probability <= 0.99:
        digits = max(digits, 1)
    return f"{100 * probability:.{digits}f}"


def percent(probability: float, mcse: float | None = None) -> str:
    """A probability as a person reads it: `41 %`, `0.4 %`; `<0.1 %` for what never occurred, `0 %` for what cannot (an
    error of 0)."""
    return f"{percent_number(probability, percent_digits(mcse), is_certain=mcse == 0)}{NO_BREAK_SPACE}%"


def percent_range(interval: Interval, mcse: float | None = None) -> str:
    """An interval of a probability: `9-51 %`, with an en dash."""
    digits = percent_digits(mcse)
    low, high = (percent_number(value, digits, is_certain=mcse == 0) for value in (interval.low, interval.high))
    return f"{low}{EN_DASH}{high}{NO_BREAK_SPACE}%" if low != high else f"{low}{NO_BREAK_SPACE}%"


def plain(text: str) -> str:
    """The same with ordinary spaces and hyphens, for terminals and messages, where people search and copy."""
    return text.replace(NO_BREAK_SPACE, " ").replace(EN_DASH, "-").replace(MINUS, "-")


def points(mcse: float) -> str:
    """A Monte Carlo error in percentage points."""
    return f"{significant(100 * mcse)}{NO_BREAK_SPACE}pp"


def ends_error(error: IntervalError | None, mcse: float | None = None) -> str:
    """Monte Carlo errors of an interval's ends, `±0.8 pp` or `±0.3, ±0.9 pp`; empty where rounding hides them.

    Parameters
    ----------
    mcse
        As for `percent_range`, which rounds the ends.
    """
    if error is None or max(error.low, error.high) <= 0.5 * 10.0 ** -(2 + percent_digits(mcse)):
        return ""
    shown = dict.fromkeys(f"±{significant(100 * value, 1)}" for value in (error.low, error.high))
    return f"{', '.join(shown)}{NO_BREAK_SPACE}pp"


def level(interval: Interval) -> str:
    """An interval's level: `90 %`."""
    return f"{100 * interval.level:.3g}{NO_BREAK_SPACE}%"


def significant(value: float | None, digits: int = 2) -> str:
    """A number with so many significant digits, integers in full: `0.0065`, `12`, `1,234`; a dash for None."""
    if value is None or not math.isfinite(value):
        return NONE
    if value == 0:
        return "0"
    exponent = math.floor(math.log10(abs(value)))
    if exponent < -4:
        return f"{value:.{digits - 1}e}".replace("e-0", "e-").replace("-", MINUS)
    return f"{value:,.{max(0, digits - 1 - exponent)}f}".replace("-", MINUS)


def signed(value: float, decimals: int = 2) -> str:
    """A change, with its sign: `+0.31`, a minus sign for less; one too small to show has none."""
    shown = f"{value:+.{decimals}f}"
    return f"{0.0:.{decimals}f}" if float(shown) == 0 else shown.replace("-", MINUS)


def fixed(value: float | None, decimals: int) -> str:
    """A number with so many decimals, zero without a sign; a dash for None."""
    return NONE if value is None else f"{value:z,.{decimals}f}".replace("-", MINUS)


def amount(value: float | None) -> str:
    """A count that may be weighted: whole numbers as such, others with one decimal."""
    if value is None:
        return NONE
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"


def weight(value: float) -> str:
    """A weight in [0, 1], with two decimals."""
    return f"{value:.2f}"


def number_range(interval: Interval, digits: int = 2) -> str:
    """An interval of a number that is no probability."""
    return f"{significant(interval.low, digits)} to {significant(interval.high, digits)}"


def plural(count: float, noun: str) -> str:
    """A count with its noun: `1 month`, `60 months`."""
    shown = amount(count)
    return f"{shown}{NO_BREAK_SPACE}{noun}" if shown == "1" else f"{shown}{NO_BREAK_SPACE}{nouns(noun)}"


def course(delay: float, half_life: float | None, period: str) -> str:
    """From when a link acts and how it fades: `after 2 months, halves in 6 months`; empty where it acts at once and stays."""
    waits = [f"after {plural(delay, period)}"] if delay else []
    fades = [f"halves in {plural(half_life, period)}"] if half_life is not None else []
    return ", ".join([*waits, *fades])


def nouns(noun: str) -> str:
    """The plural of a noun."""
    return {
        "class": "classes",
        "reference class": "reference classes",
        "study": "studies",
        "case or expert": "cases and experts",
        "probability": "probabilities",
        "quantity": "quantities",
    }.get(noun, f"{noun}s")


def day(value: date | None) -> str:
    """A date: `10 September 2021`."""
    return NONE if value is None else f"{value.day} {value:%B %Y}"


def short_day(value: date | None) -> str:
    """A date in a table: `10 Sep 2021`."""
    return NONE if value is None else f"{value.day} {value:%b %Y}"


def past_period(first: date, period: str) -> str:
    """A natural period by its first day: `Sep 2021`, `2021 Q3`, `2021`, `2021/22`; days and weeks by that day.

    A quarter that is none of the calendar year's begins with its first month: `from Feb 2021`.
    """
    if period == "year" and first.month > 1:
        return f"{first.year}/{(first.year + 1) % 100:02}"
    if period == "quarter" and first.month % 3 != 1:
        return f"from {first:%b %Y}"
    match period:
        case "month":
            return f"{first:%b %Y}"
        case "quarter":
            return f"{first.year} Q{(first.month + 2) // 3}"
        case "year":
            return str(first.year)
        case _:
            return short_day(first)


def moment(value: datetime) -> str:
    """A moment in UTC: `10 September 2021, 14:05 UTC`."""
    utc = value.astimezone(UTC)
    return f"{day(utc.date())}, {utc:%H:%M} UTC"


def duration(seconds: float) -> str:
    """A length of time: `<1 ms`, `21 ms`, `5.6 s`, `3 min 20 s`, `2 h 5 min`."""
    if seconds < 0.001:
        return f"<1{NO_BREAK_SPACE}ms"
    if seconds < 1:
        return f"{1000 * seconds:.0f}{NO_BREAK_SPACE}ms"
    if seconds < 10:
        return f"{seconds:.1f}{NO_BREAK_SPACE}s"
    whole = round(seconds)
    large, small, names = (
        (whole // 60, whole % 60, ("min", "s")) if whole < 3600 else (whole // 3600, whole % 3600 // 60, ("h", "min"))
    )
    parts = [f"{count}{NO_BREAK_SPACE}{name}" for count, name in zip((large, small), names, strict=True) if count]
    return " ".join(parts)


def age(seconds: float) -> str:
    """How long ago: `just now`, `5 minutes ago`, `3 days ago`."""
    if seconds < 60:
        return "just now"
    for size, noun in ((86_400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            return f"{plural(seconds // size, noun)} ago"
    raise AssertionError("unreachable: less than a minute was answered above")


def size(count: int) -> str:
    """A number of bytes: `2.4 MB`."""
    for bound, unit in ((1_000_000, "MB"), (1000, "kB")):
        if count >= bound:
            return f"{significant(count / bound)}{NO_BREAK_SPACE}{unit}"
    return f"{count}{NO_BREAK_SPACE}bytes"


def shortened(text: str, limit: int = MAX_TITLE_CHARACTERS) -> str:
    """A text for a place that has no room for all of it."""
    return text if len(text) <= limit else f"{text[: limit - 1].rstrip()}…"
