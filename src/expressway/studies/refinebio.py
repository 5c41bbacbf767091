"""What a refine.bio download says of its studies: aggregated_metadata.json, metadata_*.tsv, filtered samples."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from expressway.errors import InvalidMetadata
from expressway.studies.study import DownloadFlags, Message, Sample, StudyInfo

METADATA_FILE = "aggregated_metadata.json"
ACCESSION = re.compile(r"GSE\d+|[SED]RP\d+|E-[A-Z]{4}-\d+|[A-Za-z]{2,3}-[A-Za-z]{3}-\d+")
TECHNOLOGIES = ("RNA-SEQ", "MICROARRAY", "OTHER")
AGGREGATIONS = ("EXPERIMENT", "SPECIES", "ALL")
SCALINGS = ("NONE", "MINMAX", "STANDARD", "ROBUST")

SURPLUS_CODES = "METADATA_SURPLUS_CODES"
ORPHAN_SAMPLES = "METADATA_ORPHAN_SAMPLES"
TSV_DIFFERS = "METADATA_TSV_DIFFERS"
FILTERED_SAMPLES = "FILTERED_SAMPLES"

SAMPLE_FIELDS: Mapping[str, str] = {
    "title": "refinebio_title",
    "organism": "refinebio_organism",
    "platform": "refinebio_platform",
    "treatment": "refinebio_treatment",
    "cell_line": "refinebio_cell_line",
    "tissue": "refinebio_specimen_part",
    "subject": "refinebio_subject",
    "time": "refinebio_time",
    "age": "refinebio_age",
    "sex": "refinebio_sex",
    "processor_name": "refinebio_processor_name",
    "processor_version": "refinebio_processor_version",
}
"""Field of `Sample` -> field of refine.bio."""

STUDY_FIELDS = ("title", "description", "pubmed_id", "source_first_published", "source_last_modified")
"""Fields that `StudyInfo` and an experiment of refine.bio both have, under the same name."""

TABLE_KEYS = ("refinebio_accession_code", "experiment_accession")
"""Columns of a metadata_*.tsv that say where a line belongs, not what the sample is."""

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Experiment:
    """A study of a download, before its matrix is found."""

    info: StudyInfo
    samples: tuple[Sample, ...]
    """Its `sample_accession_codes` that the `samples` block describes, in the order of the codes."""
    surplus_codes: int
    """Codes that the `samples` block does not describe."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """The contents of an aggregated_metadata.json."""

    flags: DownloadFlags
    experiments: Mapping[str, Experiment]
    broken: Mapping[str, InvalidMetadata]
    """Experiments that cannot be understood, and why."""
    orphans: tuple[str, ...]
    """Samples that no experiment names."""


def parse_metadata(raw: bytes, name: str) -> Metadata:
    """The studies, samples and flags of an aggregated_metadata.json.

    An experiment that cannot be understood does not hide the others: it is returned under `broken`.

    Args:
        raw: the bytes of the file.
        name: what messages call the file.

    Raises:
        InvalidMetadata: not JSON (with line and column), or a key of the top level is missing or of a wrong type.
    """
    top = _object(_load(raw, name), f"{name}: the file")
    blocks = {key: _object(_required(top, key, name), f"{name}: {key}") for key in ("experiments", "samples")}
    flags = _flags(top, name)
    if not blocks["experiments"]:
        raise InvalidMetadata(f"{name}: experiments is empty", value="experiments")
    experiments: dict[str, Experiment] = {}
    broken: dict[str, InvalidMetadata] = {}
    for key, block in blocks["experiments"].items():
        try:
            experiments[key] = _experiment(key, block, blocks["samples"], name)
        except InvalidMetadata as error:
            broken[key] = error
    claimed = {code for block in blocks["experiments"].values() for code in _codes_of(block)}
    return Metadata(flags, experiments, broken, tuple(sorted(set(blocks["samples"]) - claimed)))


def parse_table(raw: bytes, name: str) -> dict[str, dict[str, str]]:
    """The lines of a metadata_*.tsv by sample accession; of a repeated column the first that is not empty counts.

    Args:
        raw: the bytes of the file, UTF-8, LF or CRLF.
        name: what messages call the file.

    Raises:
        InvalidMetadata: not UTF-8, or without the column refinebio_accession_code.
    """
    try:
        lines = csv.reader(io.StringIO(_clean(raw.decode("utf-8-sig")), newline=""), delimiter="\t")
        header = [cell.strip() for cell in next(lines, [])]
        rows = list(lines)
    except (UnicodeDecodeError, csv.Error) as error:
        raise InvalidMetadata(f"{name} is not a tab-separated table in UTF-8: {error}", value=name) from error
    if "refinebio_accession_code" not in header:
        raise InvalidMetadata(f"{name} has no column refinebio_accession_code", value=name)
    table: dict[str, dict[str, str]] = {}
    for row in rows:
        record: dict[str, str] = {}
        for column, cell in zip(header, row, strict=False):
            if cell and column:
                record.setdefault(column, cell)
        if code := record.get("refinebio_accession_code"):
            table[code] = record
    return table


def complete(
    samples: Sequence[Sample], table: Mapping[str, Mapping[str, str]], name: str, *, aggregate: bool = False
) -> tuple[tuple[Sample, ...], tuple[Message, ...]]:
    """The samples with fields that only the TSV has, and warnings where TSV and JSON differ (the JSON rules).

    Args:
        samples: samples of a study, from the JSON.
        table: what `parse_table` gave for the TSV that lies beside the matrix.
        name: what messages call the TSV.
        aggregate: the TSV describes samples of other studies too.
    """
    completed: list[Sample] = []
    conflicts: list[str] = []
    for sample in samples:
        record = {key: cell for key, cell in table.get(sample.accession, {}).items() if key not in TABLE_KEYS}
        differing = [key for key, cell in record.items() if _conflict(sample.source, key, cell)]
        conflicts += [f"{sample.accession} {key}" for key in differing]
        extra = {key: _cell(key, cell) for key, cell in record.items() if _is_missing(sample.source.get(key))}
        completed.append(_sample(sample.accession, {**sample.source, **extra}, name) if extra else sample)
    surplus = set() if aggregate else set(table) - {sample.accession for sample in samples}
    lists = (
        ("samples of the JSON are missing from the TSV", [s.accession for s in samples if s.accession not in table]),
        ("samples of the TSV are missing from the JSON", sorted(surplus)),
        ("values differ between TSV and JSON; those of the JSON are kept", conflicts),
    )
    texts = (f"{name}: {len(names)} {what}: {shown(names)}" for what, names in lists if names)
    return tuple(completed), tuple(Message(TSV_DIFFERS, "WARNING", text) for text in texts)


def parse_filtered(raw: bytes, name: str) -> dict[str, str | None]:
    """The samples refine.bio left out of a download -> the experiment they were asked for, where it is told.

    Args:
        raw: the bytes of a filtered_samples_metadata.json or .tsv.
        name: its file name; decides how it is read.

    Raises:
        InvalidMetadata: neither readable as JSON nor as a table.
    """
    if name.lower().endswith(".json"):
        records = _object(_load(raw, name), f"{name}: the file")
    else:
        records = dict(parse_table(raw, name))
    return {code: _experiment_of(record) for code, record in records.items()}


def normalise_technology(text: str | None) -> str:
    """RNA-SEQ, MICROARRAY or OTHER for a technology however it is spelled."""
    folded = re.sub(r"[\s_-]+", "", text or "").upper()
    return {"RNASEQ": "RNA-SEQ", "MICROARRAY": "MICROARRAY"}.get(folded, "OTHER")


def platform_summary(samples: Iterable[Sample]) -> str | None:
    """The platforms of the samples, each once, in alphabetical order; None where none is told."""
    return "; ".join(sorted({s.platform for s in samples if s.platform})) or None


def _load(raw: bytes, name: str) -> Any:
    """JSON with NaN and Infinity as null, and text that any database takes."""
    try:
        text = raw.decode(json.detect_encoding(raw), "surrogatepass").encode("utf-8", "replace").decode("utf-8")
        value = json.loads(text, parse_constant=lambda _: None)
        return _clean(value) if "\\u" in text else value  # only escapes can bring in what has to go
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise InvalidMetadata(f"{name} is not valid JSON: {error.msg} at {where}", value=where) from error
    except (ValueError, RecursionError) as error:
        raise InvalidMetadata(f"{name} is not valid JSON: {error}", value=name) from error


def _clean(value: Any) -> Any:
    """The value without NUL characters and half surrogate pairs, which databases refuse."""
    if isinstance(value, str):
        return value.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, list):
        return [_clean(item) for item in value]
    if isinstance(value, dict):
        return {_clean(key): _clean(item) for key, item in value.items()}
    return value


def _flags(top: Record, name: str) -> DownloadFlags:
    return DownloadFlags(
        created_at=_text(top.get("created_at"), f"{name}: created_at") or "",
        aggregate_by=_choice(top, "aggregate_by", AGGREGATIONS, name),
        scale_by=_choice(top, "scale_by", SCALINGS, name),
        quantile_normalized=_boolean(top, "quantile_normalized", name),
        quant_sf_only=_boolean(top, "quant_sf_only", name),
        ks_statistic=_number(top, "ks_statistic", name),
        ks_pvalue=_number(top, "ks_pvalue", name),
        ks_warning=_text(top.get("ks_warning"), f"{name}: ks_warning"),
    )


def _experiment(key: str, block: Any, samples: Record, name: str) -> Experiment:
    """One study; its name in messages is the key under which it stands."""
    where = f"{name}: study {key}"
    block = _object(block, where)
    accession = _required(block, "accession_code", where)
    if not isinstance(accession, str) or not ACCESSION.fullmatch(accession) or accession != key:
        problem = f"{where}: accession_code is {_quoted(accession)}, not an accession equal to the study's key"
        raise InvalidMetadata(problem, value=accession, hint="Accessions look like GSE12345, SRP012345, E-MTAB-1548.")
    codes = _required(block, "sample_accession_codes", where)
    if not isinstance(codes, list) or not all(isinstance(code, str) and code for code in codes):
        raise InvalidMetadata(f"{where}: sample_accession_codes is not a list of texts", value=_quoted(codes))
    unique = list(dict.fromkeys(codes))
    described = tuple(_sample(code, samples[code], where) for code in unique if code in samples)
    if not described:
        raise InvalidMetadata(f"{where}: none of its {len(unique)} samples is in the samples block", value=accession)
    info = StudyInfo(
        accession=accession,
        technology=normalise_technology(_text(block.get("technology"), f"{where}: technology")),
        organism=_organism(block, described, where),
        platform_summary=platform_summary(described),
        **{field: _text(block.get(field), f"{where}: {field}") for field in STUDY_FIELDS},  # type: ignore[arg-type]
    )
    return Experiment(info, described, len(unique) - len(described))


def _organism(block: Record, samples: Sequence[Sample], where: str) -> str | None:
    """The first organism of the study, unless its samples here are all of another one."""
    organisms = block.get("organisms") or []
    if not isinstance(organisms, list):
        raise InvalidMetadata(f"{where}: organisms is not a list", value=_quoted(organisms))
    first = _text(organisms[0], f"{where}: organisms") if organisms else None
    present = {sample.organism for sample in samples}
    return first if first in present or len(present) > 1 else present.pop() or first


def _sample(code: str, record: Any, where: str) -> Sample:
    where = f"{where}: sample {code}"
    record = _object(record, where)
    own_name = record.get("refinebio_accession_code")
    if not _is_missing(own_name) and own_name != code:
        raise InvalidMetadata(f"{where} calls itself {_quoted(own_name)}", value=code)
    fields = {field: _text(record.get(key), f"{where}: {key}") for field, key in SAMPLE_FIELDS.items()}
    processed = _boolean(record, "refinebio_processed", where)
    return Sample(code, is_processed=processed, source=record, **fields)  # type: ignore[arg-type]


def _text(value: Any, where: str) -> str | None:
    """Text without its outer blanks; whole numbers without ".0"; None for "" and null."""
    if isinstance(value, (list, dict, bool)):
        raise InvalidMetadata(f"{where} is {_quoted(value)}, not text", value=_quoted(value))
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return None if _is_missing(value) else str(value).strip()


def _boolean(record: Record, key: str, where: str) -> bool | None:
    value = record.get(key)
    if _is_missing(value) or isinstance(value, bool):
        return value if isinstance(value, bool) else None
    raise InvalidMetadata(f"{where}: {key} is {_quoted(value)}, not true or false", value=_quoted(value))


def _number(record: Record, key: str, where: str) -> float | None:
    value = record.get(key)
    if _is_missing(value):
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise InvalidMetadata(f"{where}: {key} is {_quoted(value)}, not a number", value=_quoted(value))
    return float(value) if abs(value) <= sys.float_info.max else None


def _choice(record: Record, key: str, valid: tuple[str, ...], where: str) -> str | None:
    text = _text(record.get(key), f"{where}: {key}")
    if text is not None and text.upper() not in valid:
        raise InvalidMetadata(f'{where}: {key} is "{text}", not one of {", ".join(valid)}', value=text)
    return text and text.upper()


def _object(value: Any, where: str) -> Record:
    if not isinstance(value, dict):
        raise InvalidMetadata(f"{where} is {_quoted(value)}, not an object", value=_quoted(value))
    return value


def _required(record: Record, key: str, where: str) -> Any:
    if key not in record:
        raise InvalidMetadata(f'{where}: the key "{key}" is missing', value=key)
    return record[key]


def _codes_of(block: Any) -> set[str]:
    """The samples an experiment claims, however broken the rest of it is."""
    codes = block.get("sample_accession_codes") if isinstance(block, dict) else None
    return {code for code in codes if isinstance(code, str)} if isinstance(codes, list) else set()


def _experiment_of(record: Any) -> str | None:
    keys = ("experiment_accession_code", "experiment_accession")
    return next((str(record[key]) for key in keys if record.get(key)), None) if isinstance(record, dict) else None


def _is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip()) or value == []


def _cell(key: str, cell: str) -> str | bool:
    """A cell of the TSV with the type that the JSON gives it."""
    return cell.lower() == "true" if key == "refinebio_processed" else cell


def _conflict(record: Mapping[str, Any], key: str, cell: str) -> bool:
    """Whether a cell of the TSV says otherwise than the JSON; 38.000 is 38.0 and True is true."""
    value: Any = record.get(key)
    if _is_missing(value) or isinstance(value, (list, dict)) or str(value).strip() == cell.strip():
        return False
    try:
        return _cell(key, cell) != value if isinstance(value, (str, bool)) else float(value) != float(cell)
    except (ValueError, OverflowError):
        return True


def _quoted(value: Any) -> str:
    """The value as JSON shows it, at most 60 characters."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "..."


def shown(names: Sequence[str]) -> str:
    """The first five names, and that there are more."""
    return ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
