"""Numbers as people read them."""

from __future__ import annotations

import math

MINUS, DASH = "\N{MINUS SIGN}", "\N{EN DASH}"


def number(value: float | None, digits: int = 2) -> str:
    """With a fixed number of decimals and a real minus sign; a dash for what is not known."""
    if value is None or not math.isfinite(value):
        return DASH
    text = f"{value:,.{digits}f}"
    return (text[1:] if float(text.replace(",", "")) == 0 and value < 0 else text).replace("-", MINUS)


def signed(value: float | None, digits: int = 2) -> str:
    """As `number`, with a plus for what is above zero."""
    text = number(value, digits)
    return f"+{text}" if value is not None and round(value, digits) > 0 else text


def chance(value: float | None) -> str:
    """A p or q value: 0.031, 4.2e-6 (with a minus sign, where a line cannot break)."""
    if value is None or not math.isfinite(value):
        return DASH
    if value == 0:
        return f"< 1e{MINUS}300"
    if value >= 0.001:
        return f"{value:.3f}" if value < 0.1 else f"{value:.2f}"
    mantissa, exponent = f"{value:.1e}".split("e")
    return f"{mantissa}e{int(exponent)}".replace("-", MINUS)


def equals(value: float | None) -> str:
    """A p or q value behind its name: `= 0.031`, `< 1e-300`."""
    text = chance(value)
    return text if text.startswith("<") else f"= {text}"


def percent(value: float | None, digits: int = 0) -> str:
    """A number from 0 to 100 with its sign."""
    return DASH if value is None or not math.isfinite(value) else f"{number(value, digits)}%"


def interval(low: float | None, high: float | None, digits: int = 2) -> str:
    """Both limits; a dash when one is missing."""
    if low is None or high is None:
        return DASH
    return f"{number(low, digits)} to {number(high, digits)}"


def count(value: int | float, noun: str, plural: str = "") -> str:
    """1 study, 5 studies, 4,498,500 pairs."""
    whole = int(value)
    return f"{whole:,} {noun if whole == 1 else plural or noun + 's'}"


def listed(items: list[str]) -> str:
    """a, b and c."""
    return " and ".join([", ".join(items[:-1]), items[-1]] if len(items) > 1 else items)


def capital(text: str) -> str:
    """The first letter of a sentence made large, the others as they are."""
    return text[:1].upper() + text[1:]
