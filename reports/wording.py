"""Numbers and times in words: (number) -> short text, the same on every machine.

Convention: thin spaces are not used (they break copying); times are UTC and spelled without locale.
"""

from __future__ import annotations

import datetime
import math

MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
DASH = "–"


def format_number(value: float | None, digits: int = 4) -> str:
    """A number with so many significant digits, in powers of ten where it is very large or small.

    >>> format_number(0.00012345), format_number(1234.0), format_number(5e-7), format_number(-2.5), format_number(0)
    ('0.0001234', '1234', '5×10⁻⁷', '−2.5', '0')
    >>> format_number(15842.0), format_number(-123.0, 2), format_number(2.5e6)
    ('15,840', '−120', '2.5×10⁶')
    """
    if value is None:
        return DASH
    if not math.isfinite(value):
        return "not a number" if math.isnan(value) else ("∞" if value > 0 else "−∞")
    plain = f"{value:.{digits}g}"
    mantissa, _, exponent = plain.partition("e")
    if exponent and 0 < int(exponent) < 6:
        plain = f"{float(plain):,.0f}"
    elif exponent:
        plain = f"{mantissa}×10{str(int(exponent)).translate(_SUPERSCRIPTS)}"
    return plain.replace("-", "−", 1) if plain.startswith("-") else plain


def format_integer(value: int) -> str:
    """An integer with its thousands apart.

    >>> format_integer(1234567)
    '1,234,567'
    """
    return f"{value:,}"


def format_percentage(value: float) -> str:
    """A share in [0, 1] as a percentage.

    >>> format_percentage(0.256), format_percentage(0.0004)
    ('26%', '<0.1%')
    """
    if not math.isfinite(value):
        return DASH
    if 0 < abs(value) < 0.001:
        return "<0.1%"
    return f"{100 * value:.1f}%" if abs(value) < 0.1 else f"{100 * value:.0f}%"


def format_change(now: float, before: float | None) -> str:
    """A relative change.

    >>> format_change(0.5, 2.0), format_change(3.0, 2.0), format_change(1.0, 0.0)
    ('−75%', '+50%', '–')
    """
    if not before or not math.isfinite(now) or not math.isfinite(before):
        return DASH
    share = (now - before) / abs(before)
    return f"{'+' if share > 0 else '−' if share < 0 else ''}{format_percentage(abs(share))}"


def format_duration(seconds: float | None) -> str:
    """A length of time, in the two largest units that matter, rounded down.

    >>> [format_duration(seconds) for seconds in (0.034, 8.25, 93.1, 4000, 200000)]
    ['34 ms', '8.2 s', '1 min 33 s', '1 h 6 min', '2 d 7 h']
    """
    if seconds is None or not math.isfinite(seconds) or seconds < 0:
        return DASH
    if seconds < 1:
        return f"{round(1000 * seconds)} ms"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    for unit, size, smaller, part in (("d", 86400, "h", 3600), ("h", 3600, "min", 60), ("min", 60, "s", 1)):
        if whole >= size:
            rest = whole % size // part
            return f"{whole // size} {unit}" + (f" {rest} {smaller}" if rest else "")
    return f"{whole} s"


def format_bytes(amount: int | None) -> str:
    """A number of bytes.

    >>> format_bytes(999), format_bytes(1530000), format_bytes(1200000000)
    ('999 B', '1.5 MB', '1.2 GB')
    """
    if amount is None or amount < 0:
        return DASH
    value = float(amount)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 999.5:
            return f"{value:.0f} {unit}" if unit == "B" or value >= 99.5 else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"


def format_pixels(width: int, height: int) -> str:
    """A picture's size.

    >>> format_pixels(384, 664)
    '384 × 664 px'
    """
    return f"{width} × {height} px" if width and height else DASH


def format_print_size(width: int, height: int, dpi: int = 300) -> str:
    """How large a picture is on paper.

    >>> format_print_size(1600, 1200)
    '13.5 × 10.2 cm at 300 dpi'
    """
    across, down = (f"{pixels / dpi * 2.54:.1f}" for pixels in (width, height))
    return f"{across} × {down} cm at {dpi} dpi"


def format_count(amount: int, noun: str) -> str:
    """A number of things.

    >>> format_count(1, "step"), format_count(2000, "step")
    ('1 step', '2,000 steps')
    """
    return f"{format_integer(amount)} {noun}{'' if amount == 1 else 's'}"


def _moment(seconds: float | None) -> datetime.datetime | None:
    if seconds is None:
        return None
    try:
        return datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    except (ValueError, OverflowError, OSError):
        return None


def format_date(seconds: float | None) -> str:
    """A date and time, to the minute.

    >>> format_date(1763720000.0)
    '21 November 2025, 10:13 UTC'
    """
    moment = _moment(seconds)
    if moment is None:
        return DASH
    return f"{moment.day} {MONTHS[moment.month - 1]} {moment.year}, {moment:%H:%M} UTC"


def format_iso(seconds: float | None) -> str:
    """A date and time as ISO 8601, or "" if there is none.

    >>> format_iso(1763720000.0)
    '2025-11-21T10:13:20Z'
    """
    moment = _moment(seconds)
    return "" if moment is None else f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def capitalise(text: str) -> str:
    """A text whose first letter is a capital; the others stay as they are.

    >>> capitalise("gram of VGG")
    'Gram of VGG'
    """
    return text[:1].upper() + text[1:]


def title_from_name(name: str) -> str:
    """A name from a folder as a heading.

    >>> title_from_name("deep-dream")
    'Deep dream'
    """
    return name.replace("-", " ").capitalize()
