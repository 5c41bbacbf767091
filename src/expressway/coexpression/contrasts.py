"""Which cohorts are compared with which, as data: one YAML file per disease.

A file has `case`, `reference`, `control` (one label each) and `others` (a list of labels). The columns of the result
are the same for every disease: `septic_shock` holds the case cohort, `sepsis` the reference, `control` the control.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml

from expressway.errors import InvalidSetting

BUILT_IN = Path(__file__).parent / "contrasts"

_ONE = ("case", "reference", "control")
_KEYS = (*_ONE, "others")
_NEVER = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class ContrastSet:
    """The contrasts of a disease: SS is case against reference, SOTH is case against others."""

    name: str
    case: str
    reference: str
    control: str
    others: tuple[str, ...]


class _Loader(yaml.BaseLoader):
    """Leaves `NO` and `1` the text they are, and refuses a key that stands twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(None, None, "a key must be plain text", key.start_mark)
            if key.value in seen:
                problem = f"the key {key.value!r} stands there twice"
                raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
            seen.add(key.value)
        return dict(super().construct_mapping(node, deep))


def built_in_contrasts() -> list[str]:
    """Names of the contrast sets that come with Expressway."""
    return sorted(path.stem for path in BUILT_IN.glob("*.yaml"))


def load_contrasts(name_or_path: str | Path) -> ContrastSet:
    """A contrast set, by the name of a built-in one or from a YAML file of yours, which is then named for its file.

    Args:
        name_or_path: `sepsis`, or the path of a file ending in .yaml or .yml.

    Raises:
        InvalidSetting: no built-in set has this name, or the file is not a contrast set; the message says where.
    """
    path = Path(name_or_path)
    if path.suffix.lower() not in {".yaml", ".yml"}:
        path = _built_in(str(name_or_path))
    content = _read(path)
    _check_keys(content, path)
    labels = {key: _label(content[key], f"{path}: {key}") for key in _ONE}
    found = ContrastSet(name=path.stem, others=_others(content["others"], path), **labels)
    _check_roles(found, path)
    return found


def _built_in(name: str) -> Path:
    valid = built_in_contrasts()
    if name in valid:
        return BUILT_IN / f"{name}.yaml"
    near = get_close_matches(name.casefold(), valid, n=1)
    guess = f"Did you mean {near[0]!r}? " if near else ""
    raise InvalidSetting(
        f"contrasts: there is no contrast set {name!r}",
        value=name,
        hint=f"{guess}Built in: {', '.join(valid)}. Or give the path of a .yaml file.",
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        content = yaml.load(path.read_text(encoding="utf-8-sig"), Loader=_Loader)  # noqa: S506 - it makes text only
    except OSError as error:
        hint = f"Give the path of a .yaml file, or a built-in name: {', '.join(built_in_contrasts())}."
        raise InvalidSetting(f"{path}: the file cannot be read ({error.strerror})", value=path, hint=hint) from None
    except UnicodeDecodeError:
        raise InvalidSetting(f"{path}: the file is not UTF-8 text", value=path, hint="Save it as UTF-8.") from None
    except RecursionError:
        hint = f"A contrast set has: {', '.join(_KEYS)}."
        raise InvalidSetting(f"{path}: the YAML is nested too deeply", value=path, hint=hint) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f", line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "not YAML"
        raise InvalidSetting(f"{path}{place}: {problem}", value=path, hint="Correct the YAML at that place.") from None
    if not isinstance(content, dict):
        raise InvalidSetting(
            f"{path}: expected `key: value` pairs", value=path, hint=f"A contrast set has: {', '.join(_KEYS)}."
        )
    return content


def _check_keys(content: Mapping[str, Any], path: Path) -> None:
    for key in content:
        if key not in _KEYS:
            near = get_close_matches(key, _KEYS, n=1)
            guess = f"Did you mean {near[0]!r}? " if near else ""
            raise InvalidSetting(
                f"{path}: there is no key {key!r}", value=key, hint=f"{guess}Valid keys: {', '.join(_KEYS)}."
            )
    for key in _KEYS:
        if key not in content:
            raise InvalidSetting(
                f"{path}: the key {key!r} is missing", value=path, hint=f"A contrast set has: {', '.join(_KEYS)}."
            )


def _label(value: Any, where: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise InvalidSetting(f"{where} needs one label", value=value, hint="Write a cohort label: SEPSIS.")
    if value.strip().upper() == _NEVER:
        raise InvalidSetting(
            f"{where}: samples labelled {_NEVER} never enter", value=value, hint="Leave the label out, or name another."
        )
    return value.strip()


def _others(value: Any, path: Path) -> tuple[str, ...]:
    if not isinstance(value, list) or not value:
        raise InvalidSetting(
            f"{path}: others needs a list of labels", value=value, hint="Write others: [SEPSIS, CONTROL]."
        )
    labels = tuple(_label(item, f"{path}: others") for item in value)
    for place, label in enumerate(labels):
        if label in labels[:place]:
            raise InvalidSetting(f"{path}: others names {label!r} twice", value=label, hint="Name every label once.")
    return labels


def _check_roles(found: ContrastSet, path: Path) -> None:
    roles = {"reference": [found.reference], "control": [found.control], "others": found.others}
    for role, labels in roles.items():
        if found.case in labels:
            raise InvalidSetting(
                f"{path}: {found.case!r} is the case and stands under {role} too",
                value=found.case,
                hint="The case cohort is compared with other cohorts than itself.",
            )
    if found.reference == found.control:
        raise InvalidSetting(
            f"{path}: reference and control are both {found.control!r}",
            value=found.control,
            hint="They fill different columns of the result: name two cohorts.",
        )
