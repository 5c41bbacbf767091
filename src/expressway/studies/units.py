"""What the numbers of a matrix are: counts, TPM, intensities, logs. Decided from declarations, flags and values."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any

import numpy as np

from expressway.errors import InvalidSetting, NegativeValues
from expressway.studies.profile import MatrixProfile
from expressway.studies.study import DownloadFlags, FloatArray, StudyInfo, UnitDecision
from expressway.studies.unit_rules import RULES, Case, Finding, highest, lowest

UNIT_TAGS = ("COUNTS", "TPM", "CPM", "FPKM", "INTENSITY", "ARRAY_LOG2", "LOG2", "QN_TARGET", "SCALED")
"""What may be declared; UNKNOWN is only ever found."""

SCALINGS = ("NONE", "LOG2", "MINMAX", "STANDARD", "ROBUST")
"""What may have been done to values that had their units: log2(x + 1), or one of refine.bio's row scalings."""

TRANSFORMS: Mapping[str, str] = {
    "COUNTS": "log2_cpm",
    "TPM": "log2",
    "CPM": "log2",
    "FPKM": "log2",
    "INTENSITY": "clip_log2",
}
"""Transform of a unit; any other unit is passed through ("none")."""

FORMULAS: Mapping[str, str] = {
    "log2_cpm": "log2(CPM + 1)",
    "unlog2_log2_cpm": "2^x - 1, then log2(CPM + 1)",
    "log2": "log2(x + 1)",
    "clip_log2": "log2(max(x, 0) + 1)",
    "none": "passed through",
}

VALUE_SCALES: Mapping[str, str] = {"QN_TARGET": "QN", "SCALED": "SCALED", "UNKNOWN": "UNKNOWN"}
"""Value scale of a unit; any other unit ends on LOG2."""

NON_NEGATIVE = frozenset(("log2_cpm", "unlog2_log2_cpm", "log2"))
"""Transforms of values that cannot be below zero."""


def decide_units(
    profile: MatrixProfile,
    flags: DownloadFlags,
    info: StudyInfo,
    *,
    declared: str | None,
    declared_scaling: str | None = None,
) -> UnitDecision:
    """The units of a matrix: the first of nine rules that matches, with the evidence of every rule asked.

    The rules in order: declared units; flags of the download; INTENSITY; SCALED by gene means and SDs; LOG2 by
    negative values; TPM or CPM by column sums; COUNTS; ARRAY_LOG2; UNKNOWN, which holds the study.

    Args:
        profile: statistics of the values in the file.
        flags: what the download says of itself; its `declared_units` count when the setting is absent.
        info: technology, and the texts in which the word TPM is looked for.
        declared: units by setting, any case; they win over everything. None: not declared.
        declared_scaling: what was done to the values after that: NONE, LOG2 (log2(x + 1)), MINMAX, STANDARD or
            ROBUST; wins over the flag `scale_by`. None: not declared.

    Returns:
        The decision. `contradiction` is set when the values cannot be what the flags say (the caller quarantines
        the batch with 54021), `hold_reason` when the units stay unknown (the caller warns with 54020).

    Raises:
        InvalidSetting: a declared unit or scaling that does not exist.
    """
    case = Case(
        profile,
        flags,
        info,
        declared=_valid(declared or flags.declared_units, "units", UNIT_TAGS),
        declared_by="setting" if declared else "source",
        scaling=_valid(declared_scaling, "scaling", SCALINGS),
    )
    evidence: list[dict[str, Any]] = []
    for name, rule in RULES.items():
        finding = rule(case)
        evidence.append({"step": name, "outcome": finding.outcome, **_plain(finding.figures)})
        if finding.tag is not None:
            break
    return _decision(case, finding, evidence)


def check_domain(profile: MatrixProfile, decision: UnitDecision) -> NegativeValues | None:
    """The error to quarantine a batch with when values below zero stand where the units allow none; else None."""
    if decision.transform not in NON_NEGATIVE or profile.negative_count == 0:
        return None
    return NegativeValues(
        f"{profile.negative_count:,} cells are below zero, which {decision.unit_tag} cannot be.",
        value=f"lowest value {lowest(profile.minimum):g}",
        hint=f"Declare the units the matrix really has (units: {', '.join(UNIT_TAGS)}), then replay.",
    )


def library_sizes(profile: MatrixProfile, decision: UnitDecision) -> FloatArray | None:
    """Reads per sample that CPM divides by, shape (samples,); None for units that need none.

    Values on log2(x + 1) are summed as 2^x - 1 in one more pass over the blocks, whose size is fixed here so that
    the sums do not depend on the block size of the load.
    """
    if decision.transform == "log2_cpm":
        return profile.sums
    if decision.transform != "unlog2_log2_cpm":
        return None
    total = np.zeros(len(profile.samples))
    for _, raw in profile.blocks(max(1, 1_000_000 // max(1, len(profile.samples)))):
        counts = np.exp2(raw)
        counts -= 1.0
        total += np.nansum(counts, axis=0)
    return total


def _valid(text: str | None, setting: str, valid: tuple[str, ...]) -> str | None:
    """The setting in capitals."""
    if text is None or not text.strip():
        return None
    if (name := text.strip().upper()) in valid:
        return name
    raise InvalidSetting(
        f"`{setting}: {text.strip()}` is not one of {', '.join(valid)}.",
        value=text,
        hint=f"Set `{setting}` to one of {', '.join(valid)}, or leave it out to have it found.",
    )


def _decision(case: Case, finding: Finding, evidence: list[dict[str, Any]]) -> UnitDecision:
    """The finding with what follows from it: transform, scale, de-flooring, hold."""
    tag = finding.tag or "UNKNOWN"
    transform = finding.transform or TRANSFORMS.get(tag, "none")
    deflooring = tag == "QN_TARGET" and case.info.technology == "RNA-SEQ"
    evidence.append(_transform_evidence(case.profile, transform))
    if deflooring:
        evidence.append(_floor_evidence(case.profile))
    return UnitDecision(
        unit_tag=tag,
        value_scale=VALUE_SCALES.get(tag, "LOG2"),
        deflooring=deflooring,
        evidence=tuple(evidence),
        hold_reason="The units could not be told: declare them and load again." if tag == "UNKNOWN" else None,
        contradiction=finding.contradiction,
        transform=transform,
    )


def _transform_evidence(profile: MatrixProfile, transform: str) -> dict[str, Any]:
    """The formula, and which samples it leaves without values because they have no reads."""
    record: dict[str, Any] = {"step": "transform", "outcome": FORMULAS[transform], "name": transform}
    if transform in ("log2_cpm", "unlog2_log2_cpm"):
        record["genes"] = len(profile.genes)
        record["samples_without_reads"] = samples_without_reads(profile)
    return record


def samples_without_reads(profile: MatrixProfile) -> list[str]:
    """Samples whose values sum to nothing: CPM is undefined, so their analysis values are missing, not zero.

    A zero in every gene would be the lowest rank everywhere and would correlate all genes with each other.
    """
    empty = ~(profile.sums > 0)
    return [sample for sample, without in zip(profile.samples, empty, strict=True) if without]


def _floor_evidence(profile: MatrixProfile) -> dict[str, Any]:
    floors, cells = profile.floor[~np.isnan(profile.floor)], len(profile.genes) * len(profile.samples)
    figures = {
        "samples_with_floor": int(floors.size),
        "samples": len(profile.samples),
        "smallest_floor": lowest(floors),
        "largest_floor": highest(floors),
        "floor_cell_share": float(profile.floor_count.sum() / cells) if cells else None,
    }
    outcome = "samples have a tied lowest value" if floors.size else "no sample has a tied lowest value"
    return {"step": "tied_floor", "outcome": outcome, **_plain(figures)}


def _plain(figures: Mapping[str, Any]) -> dict[str, Any]:
    """Figures that JSON can hold: a number that is not known becomes null."""
    numbers = {name: value.item() if isinstance(value, np.generic) else value for name, value in figures.items()}
    return {name: None if isinstance(v, float) and not isfinite(v) else v for name, v in numbers.items()}
