"""Illness rules as data: what a ruleset is and how it is read from YAML.

A ruleset file has `id`, `version`, `disease`, `labels` (name: definition), `fields` (structured fields, strongest
first), `rules` (first match wins), and may have `normalisation` (`title`, the default, or `none`), `refines`
(label: the broader label it implies) and `terms` (name: pattern, used in rules as `{name}`). A rule has `id`,
`pattern` and `label`, and may have `unless`, `exclude` (the reason), `warning` (`ambiguous`) and `note`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from expressway.errors import InvalidSetting, UnknownSetting
from expressway.studies.yaml_files import check_keys, read_mapping, text_mapping

UNKNOWN = "UNKNOWN"
BUILT_IN = Path(__file__).parent / "rulesets"

_KEYS = {"id", "version", "disease", "labels", "fields", "rules", "normalisation", "refines", "terms"}
_REQUIRED = ("id", "version", "disease", "labels", "rules")
_RULE_KEYS = {"id", "pattern", "label", "unless", "exclude", "warning", "note"}
_TERM = re.compile(r"\{([a-z_]+)\}")
_LABEL = re.compile(r"[A-Z][A-Z0-9_]{0,49}")
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,50}")
# A repeated group that repeats inside can take time exponential in the length of a title.
_NESTED_REPEAT = re.compile(r"\((?:[^()\\]|\\.)*(?<!\\)[*+](?:[^()\\]|\\.)*\)(?:[*+]|\{\d*,\})")


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of a ruleset: text that matches `pattern`, and not `unless`, gets `label`."""

    id: str
    pattern: re.Pattern[str]
    label: str
    unless: re.Pattern[str] | None = None
    exclude: str | None = None
    """Why a sample that matches should be left out of the analysis; None keeps it."""
    ambiguous: bool = False
    note: str | None = None

    def matches(self, text: str) -> bool:
        return bool(self.pattern.search(text)) and not (self.unless and self.unless.search(text))


@dataclass(frozen=True, slots=True)
class Ruleset:
    """The illness rules of a disease."""

    id: str
    version: str
    disease: str
    labels: Mapping[str, str]
    """Label to definition."""
    fields: tuple[str, ...]
    rules: tuple[Rule, ...]
    normalised: bool = True
    """Rules see the normalised text; otherwise the text as it stands."""
    broader: Mapping[str, str] | None = None
    """Label to the less specific label it implies: SEPTIC_SHOCK to SEPSIS."""

    @property
    def name(self) -> str:
        return f"{self.id}@{self.version}"

    @property
    def fingerprint(self) -> list[object]:
        """Everything that decides a label, for hashing: an edited rule counts even under its old version."""
        rules = [
            [
                rule.id,
                rule.pattern.pattern,
                rule.unless and rule.unless.pattern,
                rule.label,
                rule.exclude,
                rule.ambiguous,
            ]
            for rule in self.rules
        ]
        return [self.name, sorted(self.labels), list(self.fields), rules, self.normalised, dict(self.broader or {})]

    def first_match(self, text: str) -> Rule | None:
        return next((rule for rule in self.rules if rule.matches(text)), None)

    def is_refinement(self, label: str, of: str) -> bool:
        """Whether `label` says the same as `of`, only more exactly."""
        above = (self.broader or {}).get(label)
        return above is not None and (above == of or self.is_refinement(above, of))


def built_in_rulesets() -> list[str]:
    """Names of the rulesets that come with Expressway."""
    return sorted(path.stem for path in BUILT_IN.glob("*.yaml"))


def load_ruleset(name_or_path: str | Path) -> Ruleset:
    """A ruleset, by the name of a built-in one or from a YAML file of yours.

    Args:
        name_or_path: `sepsis_v1`, `seed_v1`, or the path of a file ending in .yaml or .yml.

    Raises:
        UnknownSetting: no built-in ruleset has this name, or the file has a key that does not exist.
        InvalidSetting: the file is not a ruleset; the message names the rule.
    """
    path = Path(name_or_path)
    if path.suffix.lower() not in {".yaml", ".yml"}:
        path = BUILT_IN / f"{name_or_path}.yaml"
        if str(name_or_path) not in built_in_rulesets():
            valid = ", ".join(built_in_rulesets())
            hint = f"Built-in rulesets: {valid}. Or give the path of a .yaml file."
            raise UnknownSetting(f"There is no ruleset {str(name_or_path)!r}", value=name_or_path, hint=hint)
    return _ruleset(read_mapping(path, built_in=path.parent == BUILT_IN), str(path))


def _ruleset(content: dict[str, Any], file: str) -> Ruleset:
    check_keys(content, _KEYS, file)
    for key in _REQUIRED:
        if not content.get(key):
            raise InvalidSetting(f"{file}: a ruleset needs {key!r}", value=key, hint=f"Add `{key}:` to the file.")
    labels = _labels(content["labels"], file)
    return Ruleset(
        id=_word(content["id"], f"{file}: id"),
        version=_word(content["version"], f"{file}: version"),
        disease=_word(content["disease"], f"{file}: disease"),
        labels=labels,
        fields=_fields(content.get("fields") or [], file),
        rules=_rules(content["rules"], labels, text_mapping(content.get("terms") or {}, f"{file}: terms"), file),
        normalised=_choice(content.get("normalisation", "title"), ("title", "none"), f"{file}: normalisation")
        == "title",
        broader=_broader(content.get("refines") or {}, labels, file),
    )


def _labels(value: Any, file: str) -> dict[str, str]:
    labels = text_mapping(value, f"{file}: labels")
    for label in labels:
        if not _LABEL.fullmatch(label):
            hint = "A label is capital letters, digits and underscores, 50 at most, e.g. SEPTIC_SHOCK."
            raise InvalidSetting(f"{file}: {label!r} cannot be a label", value=label, hint=hint)
    if UNKNOWN not in labels:
        hint = "Add `UNKNOWN: No evidence.` under labels."
        raise InvalidSetting(f"{file}: labels lack {UNKNOWN}", value=UNKNOWN, hint=hint)
    return labels


def _fields(value: Any, file: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(name, str) and name for name in value):
        raise InvalidSetting(f"{file}: fields must be a list of field names", value=value)
    return tuple(value)


def _broader(value: Any, labels: Mapping[str, str], file: str) -> dict[str, str]:
    broader = text_mapping(value, f"{file}: refines")
    for label in {*broader, *broader.values()}:
        _choice(label, tuple(labels), f"{file}: refines")
    for start in broader:
        seen, label = {start}, broader[start]
        while label in broader and label not in seen:
            seen.add(label)
            label = broader[label]
        if label in seen:
            raise InvalidSetting(f"{file}: refines goes round in a circle at {start}", value=start)
    return broader


def _rules(value: Any, labels: Mapping[str, str], terms: Mapping[str, str], file: str) -> tuple[Rule, ...]:
    if not isinstance(value, list):
        raise InvalidSetting(f"{file}: rules must be a list", value=value)
    rules: list[Rule] = []
    for position, item in enumerate(value, start=1):
        rule = _rule(text_mapping(item, f"{file}: rule number {position}"), labels, terms, file)
        if any(rule.id == other.id for other in rules):
            raise InvalidSetting(f"{file}: two rules have the id {rule.id!r}", value=rule.id)
        rules.append(rule)
    return tuple(rules)


def _rule(item: Mapping[str, str], labels: Mapping[str, str], terms: Mapping[str, str], file: str) -> Rule:
    where = f"{file}: rule {item.get('id', '(without id)')}"
    check_keys(item, _RULE_KEYS, where)
    for key in ("id", "pattern", "label"):
        if key not in item:
            raise InvalidSetting(f"{where} lacks {key!r}", value=key, hint="A rule needs id, pattern and label.")
    unless, exclude = item.get("unless"), item.get("exclude")
    if exclude and exclude.lower() in {"true", "false", "yes", "no", "on", "off"}:
        hint = "Write why: `exclude: follow-up sample`. Without the key the sample is kept."
        raise InvalidSetting(f"{where}: exclude is a reason in words, not {exclude!r}", value=exclude, hint=hint)
    return Rule(
        id=_word(item["id"], where),
        pattern=_compiled(item["pattern"], terms, where),
        label=_choice(item["label"], tuple(labels), f"{where}: label"),
        unless=_compiled(unless, terms, where) if unless else None,
        exclude=exclude,
        ambiguous="warning" in item and bool(_choice(item["warning"], ("ambiguous",), f"{where}: warning")),
        note=item.get("note"),
    )


def _compiled(pattern: str, terms: Mapping[str, str], where: str) -> re.Pattern[str]:
    """The pattern with its `{terms}` put in, which may use other terms."""
    for _ in range(len(terms) + 1):
        for name in _TERM.findall(pattern):
            _choice(name, tuple(terms), f"{where}: term")
        pattern = _TERM.sub(lambda match: f"(?:{terms[match[1]]})", pattern)
        if len(pattern) > 20_000:
            raise InvalidSetting(f"{where}: its pattern is too long", value=pattern[:80])
    if _TERM.search(pattern):
        raise InvalidSetting(f"{where}: its terms use one another in a circle", value=pattern[:80])
    if _NESTED_REPEAT.search(pattern):
        hint = "Write (?:a|b)+ rather than (?:a+|b)+, or give the outer repeat an upper limit: {0,5}."
        raise InvalidSetting(f"{where}: a repeat inside a repeat can take for ever", value=pattern, hint=hint)
    try:
        return re.compile(pattern, re.IGNORECASE)
    except (re.error, RecursionError, OverflowError) as error:
        hint = "Test the pattern with Python's `re` module."
        raise InvalidSetting(f"{where}: {error} in its pattern", value=pattern, hint=hint) from None


def _word(value: Any, where: str) -> str:
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        hint = "Use letters, digits, dot, hyphen and underscore, 50 at most."
        raise InvalidSetting(f"{where}: {value!r} is not a name", value=value, hint=hint)
    return value


def _choice(value: Any, valid: tuple[str, ...], where: str) -> str:
    if value not in valid:
        hint = f"Valid: {', '.join(valid) or '(none are defined)'}."
        raise InvalidSetting(f"{where}: {value!r} is not known", value=value, hint=hint)
    return str(value)
