"""What is checked of a study before it may be loaded, and what its reader should be told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from expressway.errors import (
    DuplicateGene,
    DuplicateSample,
    NotANumber,
    SampleMismatch,
    TooManyNulls,
    UnitsContradicted,
    ValidationError,
)
from expressway.settings import StudySettings
from expressway.studies.illness import coverage
from expressway.studies.profile import MatrixProfile
from expressway.studies.quality import repeated_subjects
from expressway.studies.study import Label, Message, Quality, Sample, UnitDecision
from expressway.studies.units import samples_without_reads

NAMED = 10


def named(names: Sequence[str]) -> str:
    """The first names of a list, and how many more there are."""
    shown = ", ".join(names[:NAMED])
    return shown if len(names) <= NAMED else f"{shown} and {len(names) - NAMED} more"


def check_samples(
    matrix: frozenset[str], metadata: frozenset[str], policy: Literal["fail", "intersect"]
) -> tuple[ValidationError | None, Message | None]:
    """Compare the samples of matrix and metadata after skip lists: a failure, or the warning of an intersection."""
    if matrix == metadata:
        return None, None
    only_matrix, only_metadata = sorted(matrix - metadata), sorted(metadata - matrix)
    sides = []
    if only_matrix:
        sides.append(f"{len(only_matrix)} only in the matrix ({named(only_matrix)})")
    if only_metadata:
        sides.append(f"{len(only_metadata)} only in the metadata ({named(only_metadata)})")
    text = f"matrix and metadata name different samples: {'; '.join(sides)}"
    if policy == "intersect" and matrix & metadata:
        return None, Message("54010", "WARNING", f"{text}; the {len(matrix & metadata)} common ones are loaded")
    return SampleMismatch(text, value=(only_matrix + only_metadata)[0]), None


def check_matrix(profile: MatrixProfile, options: StudySettings, units: UnitDecision) -> list[ValidationError]:
    """Everything about the values and axes of a matrix that keeps it out of the warehouse."""
    failures: list[ValidationError] = []
    for repeats, kind, what in (
        (profile.duplicate_genes, DuplicateGene, "gene"),
        (profile.duplicate_samples, DuplicateSample, "sample"),
    ):
        if repeats.count:
            names = ", ".join(repeats.names[:NAMED])
            failures.append(kind(f"{repeats.count} repeated {what} ids: {names}", value=repeats.names[0]))
    if profile.rejected_count:
        cell = profile.rejected[0]
        failures.append(
            NotANumber(
                f"{profile.rejected_count:,} cells are no finite number; the first is {cell.text!r} in line "
                f"{cell.line_no}, gene {cell.gene_id}, sample {cell.sample}",
                value=cell.text,
            )
        )
    cells = len(profile.genes) * len(profile.samples)
    nulls = int(profile.nulls.sum())
    share = nulls / cells if cells else 0.0
    if share > options.max_null_share:
        failures.append(
            TooManyNulls(
                f"{share:.1%} of the cells are missing, more than max_null_share {options.max_null_share:.0%}",
                value=f"{nulls:,} cells",
            )
        )
    if units.contradiction is not None:
        failures.append(UnitsContradicted(units.contradiction))
    return failures


def findings(
    profile: MatrixProfile,
    units: UnitDecision,
    samples: Sequence[Sample],
    labels: Sequence[Label],
    quality: Quality,
    options: StudySettings,
    strangers: Sequence[str],
) -> list[Message]:
    """Messages for the validation log about values, labels and subjects."""
    found = [Message("UNITS", "INFO", f"{units.unit_tag}, transform {units.transform}, scale {units.value_scale}")]
    if units.unit_tag == "UNKNOWN":
        found.append(Message("54020", "WARNING", units.hold_reason or "units unknown"))
    if profile.floor_count.any():
        share = float(profile.floor_count.sum()) / max(1, len(profile.genes) * len(profile.samples))
        done = "set to one value" if units.deflooring else "left as they are"
        found.append(
            Message("TIED_FLOOR", "INFO", f"{share:.1%} of the cells lie at the tied floor of their sample; {done}")
        )
    if empty := (samples_without_reads(profile) if "cpm" in units.transform else []):
        found.append(Message("EMPTY_SAMPLES", "WARNING", f"no reads, values are missing: {named(empty)}"))
    found.extend(_about_labels(samples, labels, options, strangers))
    if subjects := repeated_subjects(samples):
        example = next(iter(subjects))
        found.append(
            Message(
                "REPEATED_SUBJECTS",
                "WARNING",
                f"{len(subjects)} subjects have several samples, e.g. {example}: {named(subjects[example])}",
            )
        )
    if quality.outlier_samples:
        found.append(Message("OUTLIER_SAMPLES", "WARNING", f"robust z above 5: {named(quality.outlier_samples)}"))
    if profile.duplicate_vectors:
        found.append(
            Message("DUPLICATE_VECTORS", "INFO", f"{profile.duplicate_vectors} genes have the values of another gene")
        )
    if profile.probe_groups:
        groups = ", ".join(f"{gene} ({len(probes) + 1})" for gene, probes in list(profile.probe_groups.items())[:NAMED])
        found.append(Message("PROBES", "INFO", f"repeated probes, {options.duplicate_probes}: {groups}"))
    return found


def _about_labels(
    samples: Sequence[Sample], labels: Sequence[Label], options: StudySettings, strangers: Sequence[str]
) -> list[Message]:
    found = []
    covered = coverage(labels)
    if covered < options.min_labelled_share:
        text = f"{covered:.0%} of the samples have an illness label, fewer than {options.min_labelled_share:.0%}"
        found.append(Message("54030", "WARNING", text))
    conflicts = [f"{s.accession}: {label.conflict}" for s, label in zip(samples, labels, strict=True) if label.conflict]
    if conflicts:
        found.append(Message("ILLNESS_CONFLICT", "WARNING", f"{len(conflicts)} samples, e.g. {conflicts[0]}"))
        found.extend(Message("ILLNESS_CONFLICT", "INFO", conflict) for conflict in conflicts)
    if strangers:
        found.append(
            Message("ILLNESS_OVERRIDE", "WARNING", f"overrides name no sample of the study: {named(strangers)}")
        )
    return found
