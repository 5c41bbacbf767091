"""Typed settings: built-in defaults < expressway.yaml < environment `EXPRESSWAY_*` < what the command line gives.

Within that, what a study sets for itself stands above `defaults`; only the command line's own `defaults` hold for every
study. Mappings are merged key by key, everything else is replaced.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from expressway.coexpression.choices import Choices
from expressway.errors import ExpresswayError, InvalidSetting
from expressway.settings_sources import (
    OLD_NAMES,
    Expanded,
    KeyPath,
    Keys,
    Layer,
    environment_layer,
    file_layer,
    given_layer,
    merged,
    settings_file,
    written_as,
)
from expressway.settings_values import (
    Accession,
    AtLeastOne,
    Deflooring,
    FieldLabels,
    FileOrLabels,
    Labels,
    Memory,
    Mismatch,
    Name,
    Names,
    Probes,
    Progress,
    Scaling,
    Share,
    ShareValue,
    Size,
    Technology,
    Units,
    Url,
    WarehouseUrl,
    default_text,
    parse_size,
    redact_url,
    size_text,
    type_text,
)

__all__ = [
    "PairSettings",
    "Settings",
    "StudySettings",
    "WarehouseUrl",
    "load_settings",
    "parse_size",
    "redact_url",
    "settings_reference",
]


class _Model(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
        hide_input_in_errors=True,
        str_strip_whitespace=True,
    )


class StudySettings(_Model):
    """What can be said of a study; what is left out is found in its files."""

    accession: Accession | None = None
    """Name of the study of a plain matrix; else the column `study` of its sample sheet, else the name of its file.
    A refine.bio study keeps its own."""
    title: str | None = None
    """Title of the study, in place of the one in its files."""
    organism: str | None = None
    """Organism of the study and of its samples that name none, for example `Homo sapiens`."""
    technology: Technology | None = None
    """Technology of the study, in place of the one in its files."""
    platform: str | None = None
    """Platform of the samples that name none, written `Name (Accession)`."""
    samplesheet: Path | None = None
    """Sample sheet of a plain matrix; else the one that lies beside it."""
    samples_as_rows: bool | None = None
    """Whether the rows of a plain matrix are samples; else found from its first lines."""
    label_column: str | None = None
    """Column of illness labels inside a matrix whose rows are samples."""
    units: Units | None = None
    """Units of the values, above whatever the files say; else found from flags and values."""
    scaling: Scaling | None = None
    """What was done to the values after that: log2(x + 1), or one of refine.bio's row scalings."""
    include_samples: Names = ()
    """Samples to load and no others; none named means all."""
    skip_samples: Names = ()
    """Samples to leave out."""
    on_sample_mismatch: Mismatch = "fail"
    """When matrix and metadata name different samples: quarantine the study, or load those that both name."""
    max_null_share: ShareValue = Share(0.10)
    """Share of missing cells above which the study is quarantined."""
    duplicate_probes: Probes = "average"
    """Rows of one gene told apart by a suffix (.1, .2): average them, keep each, or quarantine the study."""
    deflooring: Deflooring = "auto"
    """Set the tied lowest value of each sample to one floor for the study, where quantile normalisation made it."""
    ruleset: str = "sepsis_v1"
    """Illness rules: `sepsis_v1`, `seed_v1`, or the path of a YAML file."""
    illness_fields: FieldLabels = {}
    """Labels for values of metadata fields that the rules do not know: `field: {value: label}`."""
    illness_overrides: Labels = {}
    """Labels that stand above all evidence: `sample: label`; the sample `*` is the whole study."""
    min_labelled_share: ShareValue = Share(0.95)
    """Share of samples with an illness label below which a warning is logged."""
    max_unknown_share: ShareValue = Share(0.5)
    """Share of samples without an illness label above which the study is held out of aggregation."""
    disease: Name | None = None
    """Disease that the study is about; `expressway run` maps the study to it."""
    block_size: AtLeastOne | None = None
    """Genes that are held in memory at a time; else as many as `memory` allows. Results do not depend on it."""

    def value_settings(self) -> dict[str, Any]:
        """The settings that decide which values the facts have; other values mean that facts are loaded again.

        Technology counts through the units it leads to. `max_null_share` decides whether a study is loaded, not what is
        loaded, so it is not among them.
        """
        return {
            "deflooring": self.deflooring,
            "duplicate_probes": self.duplicate_probes,
            "include_samples": sorted(set(self.include_samples)),
            "label_column": self.label_column,
            "on_sample_mismatch": self.on_sample_mismatch,
            "samples_as_rows": self.samples_as_rows,
            "scaling": self.scaling,
            "skip_samples": sorted(set(self.skip_samples)),
            "units": self.units,
        }

    def label_settings(self) -> dict[str, Any]:
        """The settings that decide what the dimensions say; other values mean that dimensions are updated.

        A ruleset of yours counts by the name of its file, as its folder says nothing about the rules in it.
        """
        return {
            "illness_fields": {name: dict(values) for name, values in self.illness_fields.items()},
            "illness_overrides": dict(self.illness_overrides),
            "max_unknown_share": float(self.max_unknown_share),
            "organism": self.organism,
            "platform": self.platform,
            "ruleset": Path(self.ruleset).name,
            "technology": self.technology,
            "title": self.title,
        }


class PairSettings(Choices):
    """Which pairs are analysed and how; `docs/statistics.md` says what the statistics mean."""

    contrasts: str = "sepsis"
    """Which cohorts are compared: `sepsis`, or the path of a YAML file."""
    genes: str = "all"
    """Genes that enter: `all`, `mad:N`, `variance:N`, `iqr:N`, `detection:SHARE`, or `file:PATH` with an id a line."""
    keep: AtLeastOne = 100_000
    """Pairs that are stored, those with the smallest p; all are tested."""
    one_sample_per_subject: Literal["earliest"] | None = None
    """Of a person who was sampled repeatedly, take the earliest sample only."""
    feature_values: bool = False
    """Write the features of stored pairs also in long form, into `fact.fact_feature_values`."""
    threads: AtLeastOne | None = None
    """Threads; every processor core when left out. Results do not depend on it."""


class Settings(_Model):
    """Everything that can be set. `Settings()` is the built-in defaults; `load_settings` reads file and environment."""

    warehouse: Url = WarehouseUrl("duckdb:///expressway.duckdb")
    """Where the data go: `duckdb:///FILE` or `postgresql://USER:PASSWORD@HOST/DATABASE`. The password is never shown;
    `${VARIABLE}` keeps it out of the file."""
    memory: Memory = Size(2 * 2**30)
    """Memory that loading may use, all workers together: a number with KiB, MiB, GiB, TiB or KB, MB, GB, TB."""
    workers: AtLeastOne = 1
    """Studies that are loaded at the same time, fewer where `memory` does not suffice. One study already uses all
    processor cores while it is read."""
    progress: Progress = "auto"
    """Progress bars on stderr; `auto` draws them on a terminal only."""
    illness_overrides: FileOrLabels | None = None
    """Labels that stand above all evidence, for many studies: the path of an illness_overrides.yaml, or what would be
    in it, `study: {sample: label}` or `sample: label`."""
    platform_lookup: Path | None = None
    """Path of a platform_lookup.yaml with platforms that the built-in table lacks or has otherwise."""
    pairs: PairSettings = PairSettings()
    """How gene pairs are analysed: the keys below."""
    sources: tuple[Path, ...] = ()
    """What `expressway run` loads: refine.bio downloads, or matrices with a sample sheet."""
    diseases: Names = ()
    """Diseases that `expressway run` analyses pairs for; those that studies are mapped to when left out."""
    technology: str | None = None
    """Technology of the pairs that `expressway run` analyses; each for itself when left out, ALL for both together."""
    report: Path = Path("report.html")
    """Where `expressway run` writes its report."""
    work_folder: Path | None = None
    """Where a long analysis notes how far it is, to go on there when it was killed; a folder for temporary files when
    left out."""
    defaults: StudySettings = StudySettings()
    """What holds for every study: the keys below."""
    studies: dict[Accession, StudySettings] = {}
    """What holds for one study, by accession: the same keys, which stand above `defaults`."""

    @property
    def warehouse_url(self) -> str:
        """The warehouse with its password: for connecting, never for showing."""
        return self.warehouse.get_secret_value()

    def for_study(self, accession: str) -> StudySettings:
        """What holds for a study: its own settings, else `defaults`."""
        own = self.studies.get(Name(accession))
        if own is None:
            return self.defaults
        values = merged(self.defaults.model_dump(exclude_unset=True), own.model_dump(exclude_unset=True))
        return StudySettings.model_validate(values)

    def describe(self) -> dict[str, Any]:
        """Every setting in force by its full key, ready for JSON, without passwords; of studies what they set."""
        values = self.model_dump(mode="json", exclude={"defaults", "pairs", "studies"})
        values |= {"memory": size_text(self.memory)}
        sections = {"pairs": self.pairs.model_dump(mode="json"), "defaults": self.defaults.model_dump(mode="json")}
        for name, study in self.studies.items():
            sections[f"studies.{name}"] = study.model_dump(mode="json", exclude_unset=True)
        return values | {f"{section}.{key}": value for section, keys in sections.items() for key, value in keys.items()}


KEYS = Keys(
    top=tuple(Settings.model_fields), study=tuple(StudySettings.model_fields), pairs=tuple(PairSettings.model_fields)
)


def load_settings(
    config: Path | None = None,
    overrides: Mapping[str, object] | None = None,
    environ: Mapping[str, str] | None = None,
) -> Settings:
    """The settings in force.

    Args:
        config: settings file; by default the one EXPRESSWAY_CONFIG names, else expressway.yaml of the working folder.
        overrides: what the caller or the command line gives, nested as in the file; above everything else. Its
            `defaults` hold for every study, also for one that has settings of its own.
        environ: environment variables; those of the process when omitted.

    Raises:
        UnknownSetting: a key that does not exist; the message says where it stands, the hint which key is near.
        InvalidSetting: a value that cannot be used, or a file that cannot be read.
    """
    environ = os.environ if environ is None else environ
    file = settings_file(config, environ)
    layers = [file_layer(file, environ, KEYS)] if file is not None else []
    layers.append(environment_layer(environ, KEYS))
    values: dict[str, Any] = {}
    for layer in layers:
        values = merged(values, layer.values)
    given = given_layer(overrides or {}, KEYS)
    values = merged(_stamped(values, given.values.get("defaults")), given.values)
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        failure = _refusal(error, values, [*layers, given])
    raise failure  # out here it does not carry the original error, which knows the values


def _stamped(values: dict[str, Any], defaults: Any) -> dict[str, Any]:
    """The values with `defaults` put over every study that has settings of its own."""
    if not (isinstance(defaults, Mapping) and isinstance(values.get("studies"), Mapping)):
        return values
    return values | {"studies": {name: merged(own, defaults) for name, own in values["studies"].items()}}


_EXPECTED = {
    "bool": "true or false",
    "dict": "`key: value` pairs",
    "float": "a number",
    "int": "a whole number",
    "model": "`key: value` pairs",
    "path": "a path",
    "string": "text",
    "tuple": "a list",
}
"""What a kind of setting takes, by the first word of pydantic's complaint."""


def _refusal(error: ValidationError, values: Mapping[str, Any], layers: list[Layer]) -> InvalidSetting:
    """The first complaint of pydantic in our words; what may be a password is not repeated."""
    first = error.errors(include_url=False)[0]
    context = first.get("ctx", {})
    where, shown = written_as(first["loc"], layers), _shown(_given_at(first["loc"], values, first["input"]))
    if first["type"] == "literal_error":
        valid = re.findall(r"'([^']*)'", context["expected"])
        folded = {text.upper(): text for text in valid}
        near = get_close_matches(shown.upper(), folded, n=1)
        guess = f"Did you mean {folded[near[0]]}? " if near else ""
        hint = f"{guess}Valid: {', '.join(valid)}."
        return InvalidSetting(f"{where}: {shown!r} is not known", value=shown, hint=hint)
    cause = context.get("error")
    if isinstance(cause, ExpresswayError):
        return InvalidSetting(f"{where}: {shown!r} cannot be used; it should be a size", value=shown, hint=cause.hint)
    expected = _EXPECTED.get(first["type"].split("_")[0])
    reason = str(cause) if cause else f"it should be {expected}" if expected else first["msg"].replace("Input", "it")
    return InvalidSetting(f"{where}: {shown!r} cannot be used; {reason}", value=shown)


def _given_at(path: KeyPath, values: Any, otherwise: Any) -> Any:
    """The value as it was given, not as a validator changed it before it was refused."""
    for part in path:
        if not isinstance(values, Mapping) or part not in values:
            return otherwise
        values = values[part]
    return values


def _shown(value: object) -> str:
    """A refused value as its source has it, cut short and without passwords."""
    if isinstance(value, Expanded):
        return redact_url(value.written)[:80]
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list | tuple | set | frozenset):
        return "a list"
    return "no value" if value is None else redact_url(str(value))[:80]


def settings_reference() -> str:
    """A Markdown table of every key: name, type, default, meaning; then the names of earlier files that still work."""
    rows = [("key", "type", "default", "meaning"), ("---", "---", "---", "---")]
    for prefix, model in (("", Settings), ("pairs.", PairSettings), ("defaults.", StudySettings)):
        for name, field in model.model_fields.items():
            default = None if field.annotation in {PairSettings, StudySettings} else field.default
            meaning = " ".join((field.description or "").split())
            rows.append((f"`{prefix}{name}`", type_text(field.annotation), default_text(default), meaning))
    table = "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows)
    old = ", ".join(f"`{name}` for `{new}`" for name, new in OLD_NAMES.items())
    return f"{table}\n\nNames of earlier settings files that are still read: {old}."
