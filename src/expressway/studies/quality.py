"""How good a batch is: a score from 0 to 100 with its parts, outlying samples, repeated subjects, QC figures."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import numpy as np

from expressway.studies.profile import MatrixProfile
from expressway.studies.study import DownloadFlags, FloatArray, Label, Quality, Sample, UnitDecision
from expressway.studies.transform import Transform
from expressway.studies.unit_rules import highest, lowest, middle, zero_share
from expressway.studies.units import check_domain

WEIGHTS: Mapping[str, float] = {
    "completeness": 0.25,
    "validity": 0.25,
    "consistency": 0.20,
    "accuracy": 0.15,
    "uniqueness": 0.10,
    "timeliness": 0.05,
}

OUTLIER_Z = 5.0
MIN_SAMPLES = 5
"""Fewer samples have no spread worth screening."""
MAX_SAMPLES_PER_SUBJECT = 10
"""At one time point; a field with more on average names groups, not subjects."""

_NOBODY = frozenset(("", "na", "n a", "nan", "none", "null", "unknown", "not applicable", "not available"))
_NOT_A_WORD = re.compile(r"[^0-9a-z]+")


def score_quality(  # noqa: PLR0913 - six parts, and each looks at something else
    profile: MatrixProfile,
    decision: UnitDecision,
    transform: Transform,
    samples: Sequence[Sample],
    labels: Sequence[Label],
    *,
    matrix_samples: Collection[str],
    metadata_samples: Collection[str],
    created_at: str,
    today: date,
) -> Quality:
    """The quality score of a batch and its six parts, each 0 to 100.

    Parts and weights: completeness .25 = 70 (1 - null share) + 30 (share of samples with title, platform and
    organism); validity .25 = 100 (1 - share of cells rejected or out of domain); consistency .20 = 100 |matrix and
    metadata| / |matrix or metadata|, less 25 when the units are contradicted; accuracy .15 = 50 (share of samples
    with a label other than UNKNOWN) + 50 (1 - share of outlier samples); uniqueness .10 = 100 (1 - share of repeated
    and duplicate-vector genes - share of samples that repeat a subject); timeliness .05 = 100 for a download under
    a year old, falling linearly to 0 at ten years. Parts that do not apply are None and their weight is shared out.
    Only timeliness changes with the day, so equal inputs score the same on the same day.

    Args:
        profile: statistics of the values in the file.
        decision: the units, for the domain of the values and for a contradiction.
        transform: the transform to the analysis scale, on which samples are compared.
        samples: the samples loaded, in the order of `profile.samples`.
        labels: their labels, in the same order.
        matrix_samples: sample ids of the matrix after the skip list.
        metadata_samples: sample ids of the metadata after the skip list.
        created_at: date of the download, ISO 8601; "" leaves timeliness out.
        today: the day to measure age on.

    Returns:
        Score and parts rounded to two decimals, and the accessions of the outlier samples.
    """
    outliers = outlier_samples(profile, transform)
    parts = {
        "completeness": _completeness(profile, samples),
        "validity": _validity(profile, decision),
        "consistency": _consistency(set(matrix_samples), set(metadata_samples), decision),
        "accuracy": _accuracy(labels, len(outliers)),
        "uniqueness": _uniqueness(profile, samples),
        "timeliness": _timeliness(created_at, today),
    }
    known = {name: part for name, part in parts.items() if part is not None}
    weight = sum(WEIGHTS[name] for name in known)
    score = sum(WEIGHTS[name] * part for name, part in known.items()) / weight if known else 0.0
    rounded = {name: None if part is None else round(part, 2) for name, part in parts.items()}
    return Quality(score=round(score, 2), parts=rounded, outlier_samples=outliers)


def outlier_samples(profile: MatrixProfile, transform: Transform) -> tuple[str, ...]:
    """Samples whose median, IQR or correlation with the others has a robust z above 5 (correlation: low side only).

    Robust z = (figure - median of the samples) / (1.4826 MAD). Median and quartiles are taken to the analysis scale
    by the transform, which is monotone within a sample. Quantile-normalised data have equal medians, hence MAD 0:
    the divisor is never less than 1% of the typical IQR of a sample (for the correlation: 0.001), so that rounding
    makes no outlier; where this is 0 as well, the figure says nothing. A sample that lacks a figure which most have
    (no reads, or no spread) is an outlier. Fewer than five samples are not screened.

    Args:
        profile: statistics of the values in the file.
        transform: the transform to the analysis scale.
    """
    if len(profile.samples) < MIN_SAMPLES:
        return ()
    with np.errstate(invalid="ignore", divide="ignore"):  # a batch quarantined for negative counts is scored too
        quartiles, _ = transform.apply(np.vstack([profile.q25, profile.median, profile.q75]))
        iqr = quartiles[2] - quartiles[0]
    grain = 0.01 * middle(iqr)
    flagged = _far(quartiles[1], grain) | _far(iqr, grain) | _far(profile.sample_correlation, 0.001, low_only=True)
    return tuple(sample for sample, out in zip(profile.samples, flagged, strict=True) if out)


def repeated_subjects(samples: Sequence[Sample]) -> dict[str, list[str]]:
    """Samples by subject, for the subjects with more than one sample.

    refine.bio often fills `refinebio_subject` with what the sample is made of. Such values are passed over: a value
    that says nothing but words of the sample's tissue or cell line; every value when one is shared by more than
    half of the samples, or when there are more than ten samples per subject and time point on average.
    """
    groups: defaultdict[str, list[Sample]] = defaultdict(list)
    for sample in samples:
        words = _words(sample.subject)
        if words not in _NOBODY and not _is_material(words, sample):
            groups[words].append(sample)
    named = Counter(_words(sample.subject) for sample in samples)
    commonest = max((count for words, count in named.items() if words not in _NOBODY), default=0)
    moments = {(words, _words(sample.time)) for words, group in groups.items() for sample in group}
    crowded = sum(map(len, groups.values())) > MAX_SAMPLES_PER_SUBJECT * len(moments)
    if commonest > len(samples) / 2 or crowded:
        return {}
    repeated = (group for group in groups.values() if len(group) > 1)
    return {str(group[0].subject): [sample.accession for sample in group] for group in repeated}


def study_qc(
    profile: MatrixProfile, flags: DownloadFlags, decision: UnitDecision, transform: Transform
) -> dict[str, Any]:
    """The columns of meta_study_qc that come from the values and the flags; None where they mean nothing.

    The Kolmogorov-Smirnov figures are refine.bio's own: they are kept and never decide anything. Library sizes are
    given for COUNTS, TPM, CPM and FPKM. Shares are of the cells that have a value.
    """
    library = transform.library
    if library is None and decision.transform == "log2":
        library = profile.sums
    cells = len(profile.genes) * len(profile.samples) - float(profile.nulls.sum()) - profile.rejected_count
    return {
        "ks_statistic": flags.ks_statistic,
        "ks_pvalue": flags.ks_pvalue,
        "ks_warning": flags.ks_warning,
        "quantile_normalized": flags.quantile_normalized,
        "quant_sf_only": flags.quant_sf_only,
        "library_size_min": None if library is None else _known(lowest(library)),
        "library_size_median": None if library is None else _known(middle(library)),
        "library_size_max": None if library is None else _known(highest(library)),
        "zero_share": _known(zero_share(profile)),
        "tied_floor_share": float(profile.floor_count.sum()) / cells if cells > 0 else None,
        "unit_evidence": [dict(record) for record in decision.evidence],
    }


def _completeness(profile: MatrixProfile, samples: Sequence[Sample]) -> float | None:
    cells = len(profile.genes) * len(profile.samples)
    if not cells or not samples:
        return None
    described = sum(bool(s.title and s.platform and s.organism) for s in samples) / len(samples)
    return 70 * (1 - min(1.0, float(profile.nulls.sum()) / cells)) + 30 * described


def _validity(profile: MatrixProfile, decision: UnitDecision) -> float | None:
    cells = len(profile.genes) * len(profile.samples)
    outside = profile.negative_count if check_domain(profile, decision) else 0
    return 100 * (1 - min(1.0, (profile.rejected_count + outside) / cells)) if cells else None


def _consistency(matrix: set[str], metadata: set[str], decision: UnitDecision) -> float | None:
    if not matrix | metadata:
        return None
    shared = 100 * len(matrix & metadata) / len(matrix | metadata)
    return max(0.0, shared - (25 if decision.contradiction else 0))


def _accuracy(labels: Sequence[Label], outliers: int) -> float | None:
    if not labels:
        return None
    labelled = sum(label.illness != "UNKNOWN" for label in labels)
    return 50 * labelled / len(labels) + 50 * (1 - outliers / len(labels))


def _uniqueness(profile: MatrixProfile, samples: Sequence[Sample]) -> float | None:
    if not profile.genes or not samples:
        return None
    genes = (profile.duplicate_genes.count + profile.duplicate_vectors) / len(profile.genes)
    repeats = sum(len(group) - 1 for group in repeated_subjects(samples).values()) / len(samples)
    return 100 * max(0.0, 1 - genes - repeats)


def _timeliness(created_at: str, today: date) -> float | None:
    try:
        created = datetime.fromisoformat(created_at).date()
    except ValueError:
        return None
    years = (today - created).days / 365.25
    return 100 * min(1.0, max(0.0, (10 - years) / 9))


def _far(figures: FloatArray, grain: float, *, low_only: bool = False) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Samples whose figure has a robust z above the limit, or is missing where most samples have one."""
    missing = np.isnan(figures)
    if missing.mean() > 0.5:
        return np.zeros(figures.shape, dtype=np.bool_)
    deviations = figures - middle(figures)
    spread = max(1.4826 * middle(np.abs(deviations)), grain)
    distance = -deviations if low_only else np.abs(deviations)
    return missing | (distance > OUTLIER_Z * spread if spread > 0 else np.zeros_like(missing))


def _known(figure: float) -> float | None:
    return None if np.isnan(figure) else figure


def _words(text: str | None) -> str:
    """Lower-case words and numbers of a text, one space between."""
    return _NOT_A_WORD.sub(" ", (text or "").lower()).strip()


def _is_material(words: str, sample: Sample) -> bool:
    """A "subject" that only repeats words of the tissue or cell line."""
    said = set(words.split())
    return any(said <= set(_words(text).split()) for text in (sample.tissue, sample.cell_line) if text)
