"""What identifies a batch: hashes of its metadata and settings, its batch id, and the keys of its samples."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from expressway.studies.study import Sample, SourceKind, StudyInfo

PUBLIC_SAMPLE = re.compile(r"GSM\d+|[SED]RR\d+")
"""Accessions of one measurement, the same everywhere. SRX, SRS and SAMN are not among them: one experiment or
one BioSample may be measured several times, so two studies that name it need not hold the same values."""


def metadata_hash(info: StudyInfo, samples: Iterable[Sample]) -> str:
    """SHA-256 of what the source says of a study and its samples, in 64 lowercase hex digits.

    The time of the download (`created_at`) is a flag of the download and takes no part, so the same study
    downloaded twice hashes the same.

    Args:
        info: the study.
        samples: its samples, in any order.

    Returns:
        The hash of the canonical JSON (sorted keys, UTF-8, no spaces).
    """
    return _sha256(_canonical({"study": _fields(info), "samples": sorted(_canonical(_fields(s)) for s in samples)}))


def settings_hash(settings: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical JSON of settings, in 64 lowercase hex digits.

    Args:
        settings: names and values; sets count as sorted lists, anything unknown to JSON as its text.
    """
    return _sha256(_canonical(settings))


def batch_id(file_hash: str, study: str, created_at: str, file_size: int) -> str:
    """The id of a batch: SHA-256 over `file_hash||study||created_at||file_size`, in 64 lowercase hex digits.

    Args:
        file_hash: SHA-256 of the decompressed matrix bytes.
        study: the study's accession.
        created_at: the string refine.bio wrote at the top of its JSON; `""` where there is none.
        file_size: length of the decompressed matrix in bytes.
    """
    return _sha256(f"{file_hash}||{study}||{created_at}||{file_size}")


def warehouse_accession(study: str, sample: str, source_kind: SourceKind = "MATRIX") -> str:
    """The key of a sample in the warehouse.

    Samples of a refine.bio download, and public accessions (GSM, SRR, ERR, DRR) of any matrix, keep their name and
    are therefore recognised in several studies; any other sample becomes `<study>:<sample>`.

    Args:
        study: the study's accession.
        sample: the sample as the matrix names it.
        source_kind: where the study comes from.
    """
    if source_kind == "REFINEBIO" or PUBLIC_SAMPLE.fullmatch(sample):
        return sample
    return f"{study}:{sample}"


def _fields(record: StudyInfo | Sample) -> dict[str, Any]:
    """A record as a dict, its nested values left as they are."""
    return {field.name: getattr(record, field.name) for field in dataclasses.fields(record)}


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=_plain)


def _plain(value: Any) -> Any:
    """What JSON has no type for, as something it has."""
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value, key=str)
    return str(value)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
