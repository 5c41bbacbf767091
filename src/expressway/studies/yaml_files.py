"""YAML files that people write: every scalar stays text, and a key given twice is an error."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml

from expressway.errors import InvalidSetting, UnknownSetting


class _OneOfEachKey:
    """Refuses a key that stands twice in a mapping."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        first_line: dict[str, int] = {}
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(None, None, "a key must be plain text", key.start_mark)
            name = key.value.strip()
            line = key.start_mark.line + 1
            if name in first_line:
                problem = f"the key {name!r} stands in line {first_line[name]} and again"
                raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
            first_line[name] = line
        return dict(super().construct_mapping(node, deep))  # type: ignore[misc]


class _TextLoader(_OneOfEachKey, yaml.BaseLoader):
    """Reads `NO`, `1e5` and dates as the text they are: sample ids and labels are never numbers."""


class _FastTextLoader(_OneOfEachKey, getattr(yaml, "CBaseLoader", yaml.BaseLoader)):  # type: ignore[misc]
    """The same ten times as fast, but a file nested without end makes it crash: for files of our own."""


def read_mapping(path: Path, *, built_in: bool = False) -> dict[str, Any]:
    """The top-level mapping of a YAML file, scalars as text; {} for an empty file.

    Raises:
        InvalidSetting: the file is missing, not UTF-8, not YAML, repeats a key, or is not a mapping.
    """
    loader = _FastTextLoader if built_in else _TextLoader
    try:
        content = yaml.load(path.read_text(encoding="utf-8-sig"), Loader=loader)  # noqa: S506 - it makes text only
    except OSError as error:
        raise InvalidSetting(f"{path}: the file cannot be read ({error.strerror})", value=path) from None
    except UnicodeDecodeError:
        raise InvalidSetting(f"{path}: the file is not UTF-8 text", value=path) from None
    except RecursionError:
        raise InvalidSetting(f"{path}: the YAML is nested too deeply", value=path) from None
    except yaml.YAMLError as error:
        raise InvalidSetting(f"{path}{_place(error)}", value=path, hint="Correct the YAML at that place.") from None
    if content is None or content == "":
        return {}
    if not isinstance(content, dict):
        raise InvalidSetting(f"{path}: expected `key: value` pairs, found a {_kind(content)}", value=path)
    return content


def check_keys(found: Iterable[str], known: Iterable[str], where: str) -> None:
    """Raises UnknownSetting naming the first key that does not exist, and the nearest that does."""
    valid = sorted(known)
    for key in found:
        if key not in valid:
            near = get_close_matches(key, valid, n=1)
            guess = f"Did you mean {near[0]!r}? " if near else ""
            raise UnknownSetting(
                f"{where}: there is no key {key!r}", value=key, hint=f"{guess}Valid keys: {', '.join(valid)}."
            )


def text_mapping(value: Any, where: str) -> dict[str, str]:
    """The same mapping with keys and values stripped; InvalidSetting unless it is text to text, none of it empty."""
    if not isinstance(value, Mapping):
        raise InvalidSetting(f"{where}: expected `key: value` pairs, found a {_kind(value)}", value=value)
    pairs = {str(key).strip(): item.strip() for key, item in value.items() if isinstance(item, str)}
    for key, item in value.items():
        if not pairs.get(str(key).strip()):
            raise InvalidSetting(f"{where}: {key!r} needs one value, found a {_kind(item)}", value=key)
    return pairs


def _kind(value: Any) -> str:
    if isinstance(value, str):
        return "single value" if value.strip() else "blank"
    return "list" if isinstance(value, list) else "mapping"


def _place(error: yaml.YAMLError) -> str:
    """`, line 3: what is wrong`, as far as the parser tells."""
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "not YAML"
    return f", line {mark.line + 1}: {problem}" if mark else f": {problem}"
