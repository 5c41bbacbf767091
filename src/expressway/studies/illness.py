"""The illness of each sample, with the evidence for it.

Override > structured field > title rules > UNKNOWN. The rules are data: see `ruleset.py` and `rulesets/`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Literal

from expressway.errors import ExpresswayError, InvalidSampleSheet, InvalidSetting
from expressway.studies.ruleset import UNKNOWN, Ruleset
from expressway.studies.study import Label, Sample
from expressway.studies.yaml_files import read_mapping, text_mapping

CONTROL = "CONTROL"
EVERY = "*"
"""In overrides: every sample of the study, or (as a study) every study."""
MAX_TEXT = 500
"""Characters of a title or value that the rules look at: a limit on the time a pattern can take."""
MAX_EVIDENCE = 200

_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z]{2})")
_PUNCTUATION = re.compile(r"[^\w?]|_")
_LETTER_DIGIT = re.compile(r"(?<=[^\W\d])(?=\d)|(?<=\d)(?=[^\W\d])")


@dataclass(frozen=True, slots=True)
class _Finding:
    """What one source of evidence says of a sample."""

    label: str
    method: Literal["OVERRIDE", "FIELD", "TITLE"]
    rule: str
    evidence: str
    exclude: str | None = None
    ambiguous: bool = False
    declared: bool = False
    """Said by a person (override, field map), not read by a rule: holds even when it is UNKNOWN."""

    @property
    def decisive(self) -> bool:
        return self.declared or self.label != UNKNOWN


def normalise_title(text: str) -> str:
    """The text as the rules see it: camelCase split, lower case, punctuation to blanks, words apart from numbers."""
    text = _CAMEL.sub(" ", unicodedata.normalize("NFKC", text[:MAX_TEXT]))
    text = _PUNCTUATION.sub(" ", text.lower()).replace("?", " ? ")
    return " ".join(_LETTER_DIGIT.sub(" ", text).split())[:MAX_TEXT]


def label_samples(
    samples: Sequence[Sample],
    ruleset: Ruleset,
    overrides: Mapping[str, str],
    field_map: Mapping[str, Mapping[str, str]] | None = None,
    study_override: str | None = None,
) -> list[Label]:
    """The label of each sample, in the order of the samples.

    A sample's own override (settings, then sample sheet) stands above everything. The study-wide override comes next;
    it names the condition of the patients, so a sample whose own evidence says CONTROL stays CONTROL. Then the field
    map, the ruleset's fields, the title. Among the ruleset's fields the earlier one wins, except that a more specific
    label (`refines` in the ruleset) is no contradiction and wins over the broader one. Evidence that is read as
    UNKNOWN decides only where nothing else does. Any evidence may propose exclusion, which only a sample's own
    override to another label than UNKNOWN lifts.

    Args:
        samples: the samples of one study.
        ruleset: see `load_ruleset`.
        overrides: label by sample accession; `*` is every sample of the study.
        field_map: field: {value: label} of this study, for values that the rules do not know; case is ignored.
        study_override: the same as `*` in overrides, which goes before it.

    Raises:
        InvalidSetting: an override or the field map names a label that the ruleset does not have.
        InvalidSampleSheet: the sample sheet does.
    """
    known = {key: _known_label(label, ruleset, f"override for {key}") for key, label in overrides.items()}
    if EVERY not in known and study_override is not None:
        known[EVERY] = _known_label(study_override, ruleset, "override for the study")
    mapped = {
        field: {
            value.strip().lower(): _known_label(label, ruleset, f"field map, {field}: {value}")
            for value, label in values.items()
        }
        for field, values in (field_map or {}).items()
    }
    return [_label(sample, ruleset, known, mapped) for sample in samples]


def unknown_overrides(samples: Iterable[Sample], overrides: Mapping[str, str]) -> list[str]:
    """The accessions in a study's overrides that are no sample of it, sorted: typing errors, most likely."""
    return sorted(set(overrides) - {sample.accession for sample in samples} - {EVERY})


def coverage(labels: Sequence[Label]) -> float:
    """Share of the samples that are not excluded whose label is not UNKNOWN, 0 to 1; 1 where there are none."""
    counted = [label.illness != UNKNOWN for label in labels if not label.exclude]
    return sum(counted) / len(counted) if counted else 1.0


def load_overrides(path: str | Path) -> dict[str, dict[str, str]]:
    """Overrides by study from `illness_overrides.yaml`; those that name no study stand under `*`.

    The file has `STUDY: {SAMPLE: LABEL}` or plain `SAMPLE: LABEL`, or both.

    Raises:
        InvalidSetting: not such a file, or a sample is given twice.
    """
    loaded: dict[str, dict[str, str]] = {EVERY: {}}
    for key, value in read_mapping(Path(path)).items():
        nested = isinstance(value, dict)
        study = key.strip() if nested else EVERY
        labels = text_mapping(value if nested else {key: value}, f"{path}: {key}" if nested else str(path))
        _refuse_twice(labels, loaded.get(study, {}), path)
        loaded.setdefault(study, {}).update(labels)
    for study, labels in loaded.items():
        if study != EVERY:
            _refuse_twice(labels.keys() - {EVERY}, loaded[EVERY], path)
    return {study: labels for study, labels in loaded.items() if labels}


def _refuse_twice(samples: Iterable[str], others: Mapping[str, str], path: str | Path) -> None:
    for sample in sorted(set(samples) & set(others)):
        hint = "Keep the line that is right and remove the other."
        raise InvalidSetting(f"{path}: {sample} is given twice", value=sample, hint=hint)


def overrides_of(study: str, loaded: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """The overrides that apply to a study: those that name no study, and its own."""
    return {**loaded.get(EVERY, {}), **loaded.get(study, {})}


def _label(
    sample: Sample, ruleset: Ruleset, overrides: Mapping[str, str], field_map: Mapping[str, Mapping[str, str]]
) -> Label:
    findings = [*_mapped(sample, field_map), *_by_rules(sample, ruleset)]
    inferred = _strongest(findings, ruleset)
    own = _own_override(sample, ruleset, overrides)
    chosen = own or _study_wide(inferred, overrides) or inferred
    reasons = [] if own and own.label != UNKNOWN else [_reason(finding) for finding in findings if finding.exclude]
    if sample.exclude:
        reasons.insert(0, sample.exclude_reason or "excluded by the sample sheet")
    conflicts = _conflicts(chosen, findings, ruleset) if chosen else []
    return Label(
        illness=chosen.label if chosen else UNKNOWN,
        method=chosen.method if chosen else "DEFAULT",
        rule=chosen.rule if chosen else None,
        evidence=chosen.evidence if chosen else None,
        ruleset=ruleset.name,
        exclude=bool(reasons),
        exclude_reason="; ".join(dict.fromkeys(reasons)) or None,
        conflict="; ".join(dict.fromkeys(conflicts)) or None,
    )


def _own_override(sample: Sample, ruleset: Ruleset, overrides: Mapping[str, str]) -> _Finding | None:
    """What a person said of this very sample."""
    if label := overrides.get(sample.accession):
        return _Finding(label, "OVERRIDE", "override:sample", f"{sample.accession}: {label}", declared=True)
    if not (declared := (sample.declared_illness or "").strip()):
        return None
    where = f"sample sheet, {sample.accession}"
    label = _known_label(declared, ruleset, where, InvalidSampleSheet)
    return _Finding(label, "OVERRIDE", "override:samplesheet", _quoted("illness", declared), declared=True)


def _study_wide(inferred: _Finding | None, overrides: Mapping[str, str]) -> _Finding | None:
    """The study-wide override, unless the sample is a control by its own evidence."""
    label = overrides.get(EVERY)
    if not label or (inferred and inferred.label == CONTROL):
        return None
    return _Finding(label, "OVERRIDE", "override:study", f"{EVERY}: {label}", declared=True)


def _mapped(sample: Sample, field_map: Mapping[str, Mapping[str, str]]) -> Iterator[_Finding]:
    """Fields whose whole value, or one of the values joined by `;`, is in the field map."""
    for field, labels in field_map.items():
        value = _value(sample, field)
        for part in (value, *value.split(";")):
            if label := labels.get(part.strip().lower()):
                yield _Finding(label, "FIELD", f"field_map:{field}", _quoted(field, value), declared=True)


def _by_rules(sample: Sample, ruleset: Ruleset) -> Iterator[_Finding]:
    """Each field of the ruleset in its order, then the title, as far as a rule matches."""
    for field in ruleset.fields:
        if value := _value(sample, field):
            # A free-standing `;` keeps joined values apart: "no;sepsis" is not "no sepsis".
            text = " ; ".join(map(normalise_title, value.split(";"))) if ruleset.normalised else value
            yield from _read(ruleset, "FIELD", field, value, text[:MAX_TEXT])
    if title := sample.title:
        name = "refinebio_title" if "refinebio_title" in sample.source else "title"
        text = normalise_title(title) if ruleset.normalised else title[:MAX_TEXT]
        yield from _read(ruleset, "TITLE", name, title, text)


def _read(ruleset: Ruleset, method: Literal["FIELD", "TITLE"], name: str, value: str, text: str) -> Iterator[_Finding]:
    if rule := ruleset.first_match(text):
        evidence = _quoted(name, value)
        yield _Finding(rule.label, method, f"{ruleset.id}:{rule.id}", evidence, rule.exclude, rule.ambiguous)


def _value(sample: Sample, field: str) -> str:
    """The text of a field of the source, in any case of its name; lists joined by `;`."""
    value = sample.source.get(field)
    if value is None:
        value = sample.source.get(_folded_names(tuple(sample.source)).get(field.strip().lower(), field))
    if isinstance(value, list):
        return ";".join(item for item in value if isinstance(item, str))
    return str(value) if isinstance(value, str | int | float) else ""


@lru_cache(maxsize=64)
def _folded_names(names: tuple[str, ...]) -> dict[str, str]:
    """The names of a source, mostly the same in all its samples, by themselves in lower case; the first one counts."""
    return {name.strip().lower(): name for name in reversed(names)}


def _strongest(findings: Sequence[_Finding], ruleset: Ruleset) -> _Finding | None:
    """The first decisive finding, or a field that says the same more exactly; an undecided one if that is all."""
    decisive = [finding for finding in findings if finding.decisive]
    if not decisive:
        return findings[0] if findings else None
    best = decisive[0]
    for finding in decisive:
        rules_on_fields = finding.method == best.method == "FIELD" and not best.declared
        if rules_on_fields and ruleset.is_refinement(finding.label, best.label):
            best = finding
    return best


def _conflicts(chosen: _Finding, findings: Sequence[_Finding], ruleset: Ruleset) -> list[str]:
    """In words, what was outvoted; a broader label than the chosen one is no contradiction."""
    words = [f"{chosen.evidence} is ambiguous ({chosen.rule})"] if chosen.ambiguous else []
    for finding in findings:
        agrees = finding.label == chosen.label or ruleset.is_refinement(chosen.label, finding.label)
        if finding.decisive and not agrees:
            words.append(f"{finding.evidence} says {finding.label} ({finding.rule})")
    return words


def _reason(finding: _Finding) -> str:
    return f"{finding.exclude}: {finding.evidence}"


def _quoted(name: str, value: str) -> str:
    """`name="value"` on one line, cut to what the warehouse keeps."""
    clean = " ".join("".join(letter if letter.isprintable() else " " for letter in value).split())
    text = f'{name}="{clean}"'
    return text if len(text) <= MAX_EVIDENCE else text[: MAX_EVIDENCE - 2] + '…"'


def _known_label(text: str, ruleset: Ruleset, where: str, error: type[ExpresswayError] = InvalidSetting) -> str:
    """The ruleset's spelling of a label (`septic shock` is SEPTIC_SHOCK)."""
    label = re.sub(r"[\s-]+", "_", text.strip()).upper()
    if label in ruleset.labels:
        return label
    near = get_close_matches(label, ruleset.labels, n=1)
    guess = f"Did you mean {near[0]}? " if near else ""
    hint = f"{guess}Labels of {ruleset.name}: {', '.join(ruleset.labels)}."
    raise error(f"{where}: there is no illness label {text!r}", value=text, hint=hint)
