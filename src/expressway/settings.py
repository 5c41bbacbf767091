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
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NewType, Union, get_args, get_origin

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, Secret, ValidationError

from expressway.errors import ExpresswayError, InvalidSetting
from expressway.settings_sources import (
    OLD_NAMES,
    Expanded,
    Keys,
    Layer,
    environment_layer,
    file_layer,
    given_layer,
    merged,
    settings_file,
    written_as,
)
from expressway.settings_values import parse_size, redact_url, size_text

__all__ = [
    "Settings",
    "StudySettings",
    "WarehouseUrl",
    "load_settings",
    "parse_size",
    "redact_url",
    "settings_reference",
]

LEAST_MEMORY = 64 * 2**20

Size = NewType("Size", int)
Share = NewType("Share", float)
Name = NewType("Name", str)


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
    if isinstance(value, Mapping):
        rows = [row for item in value.values() for row in (item.values() if isinstance(item, Mapping) else [item])]
        if not all(isinstance(row, str) for row in rows):
            raise ValueError("it should be the path of a file, `SAMPLE: LABEL`, or `STUDY: {SAMPLE: LABEL}`")
    return value


Accession = Annotated[Name, AfterValidator(_accession)]
ShareValue = Annotated[Share, Field(ge=0, le=1)]
Names = Annotated[tuple[str, ...], BeforeValidator(_listed)]
Units = Annotated[
    Literal["COUNTS", "TPM", "CPM", "FPKM", "INTENSITY", "ARRAY_LOG2", "LOG2", "QN_TARGET", "SCALED"],
    BeforeValidator(_upper),
]
Scaling = Annotated[Literal["NONE", "LOG2", "MINMAX", "STANDARD", "ROBUST"], BeforeValidator(_upper)]
Technology = Annotated[Literal["RNA-SEQ", "MICROARRAY", "OTHER"], BeforeValidator(_technology)]


class _Model(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
        hide_input_in_errors=True,
        str_strip_whitespace=True,
        validate_default=True,
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
    on_sample_mismatch: Annotated[Literal["fail", "intersect"], BeforeValidator(_lower)] = "fail"
    """When matrix and metadata name different samples: quarantine the study, or load those that both name."""
    max_null_share: ShareValue = Share(0.10)
    """Share of missing cells above which the study is quarantined."""
    duplicate_probes: Annotated[Literal["average", "keep", "fail"], BeforeValidator(_lower)] = "average"
    """Rows of one gene told apart by a suffix (.1, .2): average them, keep each, or quarantine the study."""
    deflooring: Annotated[Literal["auto", "off"], BeforeValidator(_lower)] = "auto"
    """Set the tied lowest value of each sample to one floor for the study, where quantile normalisation made it."""
    ruleset: str = "sepsis_v1"
    """Illness rules: `sepsis_v1`, `seed_v1`, or the path of a YAML file."""
    illness_fields: Annotated[dict[str, dict[str, str]], BeforeValidator(_mapped)] = {}
    """Labels for values of metadata fields that the rules do not know: `field: {value: label}`."""
    illness_overrides: Annotated[dict[str, str], BeforeValidator(_mapped)] = {}
    """Labels that stand above all evidence: `sample: label`; the sample `*` is the whole study."""
    min_labelled_share: ShareValue = Share(0.95)
    """Share of samples with an illness label below which a warning is logged."""
    max_unknown_share: ShareValue = Share(0.5)
    """Share of samples without an illness label above which the study is held out of aggregation."""
    block_size: Annotated[int, Field(ge=1)] | None = None
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


class Settings(_Model):
    """Everything that can be set. `Settings()` is the built-in defaults; `load_settings` reads file and environment."""

    warehouse: Annotated[WarehouseUrl, BeforeValidator(_url)] = WarehouseUrl("duckdb:///expressway.duckdb")
    """Where the data go: `duckdb:///FILE` or `postgresql://USER:PASSWORD@HOST/DATABASE`. The password is never shown;
    `${VARIABLE}` keeps it out of the file."""
    memory: Annotated[Size, BeforeValidator(parse_size), AfterValidator(_enough)] = Size(2 * 2**30)
    """Memory that loading may use, all workers together: a number with KiB, MiB, GiB, TiB or KB, MB, GB, TB."""
    workers: Annotated[int, Field(ge=1)] = 1
    """Studies that are loaded at the same time, fewer where `memory` does not suffice. One study already uses all
    processor cores while it is read."""
    progress: Annotated[Literal["auto", "on", "off"], BeforeValidator(_lower)] = "auto"
    """Progress bars on stderr; `auto` draws them on a terminal only."""
    illness_overrides: Annotated[
        Path | dict[str, str | dict[str, str]] | None, BeforeValidator(_file_or_labels)
    ] = None
    """Labels that stand above all evidence, for many studies: the path of an illness_overrides.yaml, or what would be
    in it, `study: {sample: label}` or `sample: label`."""
    platform_lookup: Path | None = None
    """Path of a platform_lookup.yaml with platforms that the built-in table lacks or has otherwise."""
    defaults: StudySettings = StudySettings()
    """What holds for every study: the keys below."""
    studies: dict[Accession, StudySettings] = {}
    """By accession, what holds for one study: the keys below, above `defaults`."""

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
        values = self.model_dump(mode="json", exclude={"defaults", "studies"}) | {"memory": size_text(self.memory)}
        own = {f"studies.{name}": study.model_dump(mode="json", exclude_unset=True) for name, study in self.studies.items()}
        sections = {"defaults": self.defaults.model_dump(mode="json")} | own
        return values | {f"{section}.{key}": value for section, keys in sections.items() for key, value in keys.items()}


KEYS = Keys(top=tuple(Settings.model_fields), study=tuple(StudySettings.model_fields))


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
        failure = _refusal(error, [*layers, given])
    raise failure  # out here it does not carry the original error, which knows the values


def _stamped(values: dict[str, Any], defaults: Any) -> dict[str, Any]:
    """The values with `defaults` put over every study that has settings of its own."""
    if not (isinstance(defaults, Mapping) and isinstance(values.get("studies"), Mapping)):
        return values
    return values | {"studies": {name: merged(own, defaults) for name, own in values["studies"].items()}}


def _refusal(error: ValidationError, layers: list[Layer]) -> InvalidSetting:
    """The first complaint of pydantic in our words; a value that may hide a password is not repeated."""
    first = error.errors(include_url=False)[0]
    context = first.get("ctx", {})
    where, shown = written_as(first["loc"], layers), _shown(first["input"])
    if first["type"] == "literal_error":
        valid = re.findall(r"'([^']*)'", context["expected"])
        folded = {text.upper(): text for text in valid}
        near = get_close_matches(shown.upper(), folded, n=1)
        guess = f"Did you mean {folded[near[0]]}? " if near else ""
        return InvalidSetting(f"{where}: {shown!r} is not known", value=shown, hint=f"{guess}Valid: {', '.join(valid)}.")
    cause = context.get("error")
    if isinstance(cause, ExpresswayError):
        return InvalidSetting(f"{where}: {cause.message}", value=shown, hint=cause.hint)
    reason = str(cause) if cause is not None else first["msg"].replace("Input should", "it should")
    return InvalidSetting(f"{where}: {shown!r} cannot be used; {reason}", value=shown)


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
    for prefix, model in (("", Settings), ("defaults.", StudySettings)):
        for name, field in model.model_fields.items():
            default = field.get_default(call_default_factory=False)
            meaning = " ".join((field.description or "").split())
            rows.append((f"`{prefix}{name}`", _type_text(field.annotation), _default_text(default), meaning))
    table = "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows)
    old = ", ".join(f"`{name}` for `{new}`" for name, new in OLD_NAMES.items())
    return f"{table}\n\nNames of earlier settings files that are still read: {old}."


_TYPES: Mapping[Any, str] = {
    Name: "text",
    Path: "path",
    Share: "number, 0 to 1",
    Size: "size",
    StudySettings: "section",
    WarehouseUrl: "URL",
    bool: "true, false",
    int: "whole number",
    str: "text",
}


def _type_text(annotation: Any) -> str:
    """A type in words."""
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _type_text(parts[0])
    if origin is Literal:
        return ", ".join(f"`{part}`" for part in parts)
    if origin in {Union, UnionType}:
        return " or ".join(_type_text(part) for part in parts if part is not NoneType)
    if origin is tuple:
        return f"list of {_type_text(parts[0])}"
    return "mapping" if origin is dict else _TYPES[annotation]


def _default_text(value: object) -> str:
    if isinstance(value, StudySettings) or value in (None, (), {}):
        return "none"
    return f"`{size_text(value) if isinstance(value, int) and value >= LEAST_MEMORY else value}`"
