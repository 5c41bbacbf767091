"""Single values of settings: sizes of memory, and URLs that must not show their password."""

from __future__ import annotations

import re

from expressway.errors import InvalidSetting

UNITS = {
    "": 1,
    "B": 1,
    "KB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "TB": 10**12,
    "KIB": 2**10,
    "MIB": 2**20,
    "GIB": 2**30,
    "TIB": 2**40,
}

_SIZE = re.compile(r"(\d{1,18}(?:\.\d{1,9})?)\s*([a-z]*)", re.IGNORECASE)
# From the first colon of what follows the scheme to the last @: a user name or password may hold any character,
# and showing too little of a URL is the safe mistake.
_USER_AND_PASSWORD = re.compile(r"^(\s*(?:[a-z][a-z0-9+.-]*:/+[^:]*|[^:]*(?=:(?!//)))):.*@", re.IGNORECASE | re.DOTALL)
_PASSWORD_WORD = re.compile(
    r"(\w*(?:password|passwd|pwd|secret|token)\w*\s*=\s*)('(?:[^'\\]|\\.)*'|\"[^\"]*\"|\{[^}]*\}|[^&\s]*)",
    re.IGNORECASE,
)


def parse_size(size: str | int) -> int:
    """The number of bytes in a size such as `2GiB`, `1.5 GB` or `4096`.

    Args:
        size: a number, then B, KiB, MiB, GiB, TiB (powers of 1024), KB, MB, GB, TB (powers of 1000) or nothing (bytes);
            case does not matter.

    Raises:
        InvalidSetting: anything else.
    """
    text = str(size).strip()
    found = _SIZE.fullmatch(text)
    factor = UNITS.get(found[2].upper()) if found else None
    if found is None or factor is None:
        raise InvalidSetting(
            f"{redact_url(text[:80])!r} is not a size",
            value=redact_url(text[:80]),
            hint="Write a number and a unit: B, KiB, MiB, GiB, TiB, KB, MB, GB, TB; for example 2GiB.",
        )
    return int(found[1]) * factor if found[1].isdigit() else int(float(found[1]) * factor)


def size_text(size: int) -> str:
    """The shortest exact text for a number of bytes: `2GiB`, `1536MiB`, `1000B`."""
    for unit in ("TiB", "GiB", "MiB", "KiB"):
        if size and size % UNITS[unit.upper()] == 0:
            return f"{size // UNITS[unit.upper()]}{unit}"
    return f"{size}B"


def redact_url(url: str) -> str:
    """A warehouse URL, or any connection string, with `***` for each password in it.

    Hides what stands between `user:` and the last `@`, and the value of every `password=`, `pwd=`, `token=` and the like
    in the query or among keywords.
    """
    return _PASSWORD_WORD.sub(r"\1***", _USER_AND_PASSWORD.sub(r"\1:***@", url))
