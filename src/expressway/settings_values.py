"""What a single setting may be: sizes, shares, names, choices, and a URL that does not show its password."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NewType, Union, get_args, get_origin

from pydantic import AfterValidator, BeforeValidator, Field, Secret

from expressway.errors import InvalidSetting

_FACTORS = {
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

LEAST_MEMORY = 64 * 2**20
MOST_MEMORY = 2**50

Size = NewType("Size", int)
Share = NewType("Share", float)
Name = NewType("Name", str)

_SIZE = re.compile(r"(\d{1,19}(?:\.\d{1,9})?)\s*([a-z]*)", re.IGNORECASE)
# From the first colon of what follows the scheme to the last @: a user name or password may hold any character,
# and showing too little of a URL is the safe mistake.
_USER_AND_PASSWORD = re.compile(r"^(\s*(?:[a-z][a-z0-9+.-]*:/+[^:]*|[^:]*(?=:(?!//)))):.*@", re.IGNORECASE | re.DOTALL)
_PASSWORD_WORD = re.compile(
    r"((?:password|passwd|pwd|secret|token)\w*\s*=\s*)('(?:[^'\\]|\\.)*'|\"[^\"]*\"|\{[^}]*\}|[^&\s]*)",
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
    factor = _FACTORS.get(found[2].upper()) if found else None
    if found is None or factor is None:
        shown = redact_url(text)[:80]
        raise InvalidSetting(
            f"{shown!r} is not a size",
            value=shown,
            hint="Write a number and a unit: B, KiB, MiB, GiB, TiB, KB, MB, GB, TB; for example 2GiB.",
        )
    return int(found[1]) * factor if found[1].isdigit() else int(float(found[1]) * factor)


def size_text(size: int) -> str:
    """The shortest exact text for a number of bytes: `2GiB`, `1536MiB`, `1000B`."""
    for unit in ("TiB", "GiB", "MiB", "KiB"):
        if size and size % _FACTORS[unit.upper()] == 0:
            return f"{size // _FACTORS[unit.upper()]}{unit}"
    return f"{size}B"


def redact_url(url: str) -> str:
    """A warehouse URL, or any connection string, with `***` for each password in it.

    Hides what stands between `user:` and the last `@`, and the value of every `password=`, `pwd=`, `token=` and the
    like in the query or among keywords.
    """
    return _PASSWORD_WORD.sub(r"\1***", _USER_AND_PASSWORD.sub(r"\1:***@", url))


class WarehouseUrl(Secret[str]):
    """A URL that shows itself without its password."""

    def _display(self) -> str:
        return redact_url(self.get_secret_value())


def _url(value: Any) -> Any:
    if isinstance(value, str) and not value.strip():
        raise ValueError("the URL is empty")
    return value.strip() if isinstance(value, str) else value


def _enough(size: Size) -> Size:
    if size < LEAST_MEMORY:
        raise ValueError(f"it should be at least {size_text(LEAST_MEMORY)}; a size needs a unit, such as 2GiB")
    if size > MOST_MEMORY:
        raise ValueError(f"it should be at most {size_text(MOST_MEMORY)}")
    return size


def _accession(text: Name) -> Name:
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,50}", text):
        raise ValueError("an accession is 1 to 50 letters, digits, dots, hyphens and underscores")
    return text


def _upper(value: Any) -> Any:
    return value.strip().upper() if isinstance(value, str) else value


def _lower(value: Any) -> Any:
    return value.strip().lower() if isinstance(value, str) else value


def _technology(value: Any) -> Any:
    text = re.sub(r"[\s_-]+", "", value).upper() if isinstance(value, str) else value
    return "RNA-SEQ" if text == "RNASEQ" else text


def _listed(value: Any) -> Any:
    """A list written on one line, `A, B`; no value means an empty list."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return [] if value is None else value


def _mapped(value: Any) -> Any:
    return {} if value is None else value


def _file_or_labels(value: Any) -> Any:
    rows = [value or ""]
    if isinstance(value, Mapping):
        rows = [row for item in value.values() for row in (item.values() if isinstance(item, Mapping) else [item])]
    if not all(isinstance(row, str | Path) for row in rows):
        raise ValueError("it should be the path of a file, `SAMPLE: LABEL`, or `STUDY: {SAMPLE: LABEL}`")
    return value


Accession = Annotated[Name, AfterValidator(_accession)]
ShareValue = Annotated[Share, Field(ge=0, le=1)]
Memory = Annotated[Size, BeforeValidator(parse_size), AfterValidator(_enough)]
Url = Annotated[WarehouseUrl, BeforeValidator(_url)]
Labels = Annotated[dict[str, str], BeforeValidator(_mapped)]
FieldLabels = Annotated[dict[str, dict[str, str]], BeforeValidator(_mapped)]
FileOrLabels = Annotated[Path | dict[str, str | dict[str, str]], BeforeValidator(_file_or_labels)]
AtLeastOne = Annotated[int, Field(ge=1)]
Names = Annotated[tuple[str, ...], BeforeValidator(_listed)]
Units = Annotated[
    Literal["COUNTS", "TPM", "CPM", "FPKM", "INTENSITY", "ARRAY_LOG2", "LOG2", "QN_TARGET", "SCALED"],
    BeforeValidator(_upper),
]
Scaling = Annotated[Literal["NONE", "LOG2", "MINMAX", "STANDARD", "ROBUST"], BeforeValidator(_upper)]
Mismatch = Annotated[Literal["fail", "intersect"], BeforeValidator(_lower)]
Probes = Annotated[Literal["average", "keep", "fail"], BeforeValidator(_lower)]
Deflooring = Annotated[Literal["auto", "off"], BeforeValidator(_lower)]
Progress = Annotated[Literal["auto", "on", "off"], BeforeValidator(_lower)]
Technology = Annotated[Literal["RNA-SEQ", "MICROARRAY", "OTHER"], BeforeValidator(_technology)]

_TYPES: Mapping[Any, str] = {
    Name: "text",
    Path: "path",
    Share: "number, 0 to 1",
    Size: "size",
    WarehouseUrl: "URL",
    bool: "true, false",
    float: "number",
    int: "whole number",
    str: "text",
}


def type_text(annotation: Any) -> str:
    """The type of a setting in words."""
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return type_text(parts[0])
    if origin is Literal:
        return ", ".join(f"`{part}`" for part in parts)
    if origin in {Union, UnionType}:
        return " or ".join(type_text(part) for part in parts if part is not NoneType)
    if origin is tuple:
        return f"list of {type_text(parts[0])}"
    return "mapping" if origin is dict else _TYPES.get(annotation, "section")


def default_text(value: object) -> str:
    """The default of a setting as it would be written."""
    if value in (None, (), {}):
        return "none"
    return f"`{size_text(value) if isinstance(value, int) and value >= LEAST_MEMORY else value}`"
