"""The model behind simulated studies: gene levels, planted correlation, counts, and their normalisation.

Every value of a study is drawn as

    log(mean) = gene level + cohort shift + study shift + study scale * gene spread * z + log(depth of the sample)
    count     ~ Poisson(mean), set to 0 with the dropout share of the gene
    value     = count * length factor, then (by default) quantile-normalised per sample onto a fixed curve

z is standard normal. Planted genes share it with a partner, with the correlation `RHO` gives for the cohort (moved a
little in each study, on Fisher's scale); all other genes are independent. Zeros of a sample are tied, so normalisation
gives every sample a floor of its own: genes that are hardly expressed look correlated until the floors are made equal.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

COHORTS = ("CONTROL", "SEPSIS", "SEPTIC_SHOCK")
RHO = {
    "gain": (0.0, 0.0, 0.8),
    "loss": (0.8, 0.8, 0.0),
    "flip": (-0.7, -0.7, 0.7),
    "decoy": (0.8, 0.8, 0.8),
    "module": (0.0, 0.0, 0.7),
}
"""Correlation of z in CONTROL, SEPSIS and SEPTIC_SHOCK, by kind of planted pair."""
_SHARES = {"silent": 0.15, "low": 0.25}
"""Genes that are never and hardly ever expressed; planted genes are among the others."""
_PLANTED_COUNTS = (50.0, 5000.0)
STUDY_SD = 0.1
"""How far the correlation of a pair moves between studies, on Fisher's scale."""
_SAMPLES_AT_ONCE = 16

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Design:
    """What all studies share: the genes and what is planted among them."""

    gene_ids: Sequence[str]
    level: FloatArray
    spread: FloatArray
    dropout: FloatArray
    cohort_shift: FloatArray
    """Shape (cohorts, genes)."""
    pairs: Mapping[str, IntArray]
    """By kind, shape (pairs, 2): indices of the genes. Not the module."""
    module: IntArray


def draw_design(seed: int, genes: int) -> Design:
    """Levels of the genes (natural log of the mean count) and the places of the planted ones."""
    rng = np.random.default_rng([seed, 0])
    silent, low = (round(genes * share) for share in _SHARES.values())
    expressed = genes - silent - low
    level = np.concatenate(
        [
            rng.uniform(math.log(0.001), math.log(0.02), silent),
            rng.uniform(math.log(0.05), math.log(3.0), low),
            np.clip(rng.normal(math.log(200.0), 1.5, expressed), math.log(3.0), math.log(100_000.0)),
        ]
    )
    place = rng.permutation(genes)
    several, few = max(1, genes // 150), max(1, genes // 300)
    counts = {"gain": several, "loss": few, "flip": few, "decoy": several}
    size = min(max(4, genes // 300), 20)
    chosen = rng.permutation(np.arange(silent + low, genes))[: 2 * sum(counts.values()) + size]
    level[chosen] = rng.uniform(math.log(_PLANTED_COUNTS[0]), math.log(_PLANTED_COUNTS[1]), chosen.size)
    shift = np.zeros((len(COHORTS), genes))
    shift[1:] = rng.normal(0.0, 0.8, (2, genes)) * (rng.random(genes) < 0.1)
    dropout = np.where(rng.random(genes) < 0.2, rng.uniform(0.02, 0.3, genes), 0.0)
    dropout[chosen] = 0.0
    shift[:, chosen] = 0.0
    spread = rng.uniform(0.4, 0.9, genes)

    def placed(values: FloatArray) -> FloatArray:
        moved = np.empty_like(values)
        moved[..., place] = values
        return moved

    ends = np.cumsum([2 * count for count in counts.values()])
    groups = np.split(place[chosen], ends)
    return Design(
        gene_ids=[f"ENSG0090{number:07d}" for number in range(1, genes + 1)],
        level=placed(level),
        spread=placed(spread),
        dropout=placed(dropout),
        cohort_shift=placed(shift),
        pairs={kind: group.reshape(-1, 2) for kind, group in zip(counts, groups, strict=False)},
        module=groups[-1],
    )


def target_curve(genes: int) -> FloatArray:
    """The value of every rank and of every half rank between two: log-normal, fixed for a number of genes."""
    normal = NormalDist(math.log(0.7), 1.5)
    sorted_values = np.exp([normal.inv_cdf((rank + 0.5) / genes) for rank in range(genes)])
    curve = np.empty(2 * genes - 1)
    curve[::2] = sorted_values
    curve[1::2] = (sorted_values[1:] + sorted_values[:-1]) / 2
    return np.round(curve, 6)


def normalise(values: FloatArray, curve: FloatArray) -> FloatArray:
    """Each row (a sample) mapped by rank onto the curve; ties get the value at their average rank.

    Bolstad BM et al. (2003), Bioinformatics 19:185, with a given target in place of the mean of the samples.
    """
    out = np.empty_like(values)
    for row, mapped in zip(values, out, strict=True):
        order = np.argsort(row, kind="stable")
        ordered = row[order]
        starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
        ends = np.append(starts[1:], row.size) - 1
        mapped[order] = np.repeat(curve[starts + ends], ends - starts + 1)
    return out


def draw_values(
    rng: np.random.Generator, design: Design, cohorts: IntArray, curve: FloatArray | None
) -> Iterator[NDArray[np.float32]]:
    """The values of some samples at a time, shape (samples, genes)."""
    genes = len(design.gene_ids)
    study_shift = rng.normal(0.0, 0.4, genes)
    spread = design.spread * np.exp(rng.normal(0.0, 0.15, genes))
    fixed_length = rng.random(genes) < 0.05
    moved = {kind: rng.normal(0.0, STUDY_SD, len(pairs)) for kind, pairs in design.pairs.items()}
    module_moved = rng.normal(0.0, STUDY_SD)
    study_depth = rng.normal(0.0, 0.3)
    for start in range(0, cohorts.size, _SAMPLES_AT_ONCE):
        some = cohorts[start : start + _SAMPLES_AT_ONCE]
        z = rng.standard_normal((some.size, genes))
        for kind, pairs in design.pairs.items():
            rho = _moved(np.array(RHO[kind])[some, None], moved[kind])
            z[:, pairs[:, 1]] = rho * z[:, pairs[:, 0]] + np.sqrt(1 - rho**2) * z[:, pairs[:, 1]]
        shared = _moved(np.array(RHO["module"])[some, None], module_moved)
        factor = rng.standard_normal((some.size, 1))
        z[:, design.module] = np.sqrt(shared) * factor + np.sqrt(1 - shared) * z[:, design.module]
        depth = rng.normal(study_depth, 0.35, (some.size, 1))
        counts = rng.poisson(np.exp(design.level + study_shift + design.cohort_shift[some] + spread * z + depth))
        counts[rng.random(counts.shape) < design.dropout] = 0
        length = np.where(fixed_length, 1.0, rng.uniform(0.97, 1.03, counts.shape))
        values = counts * length * rng.uniform(0.95, 1.05, (some.size, 1))
        yield (values if curve is None else normalise(values, curve)).astype(np.float32)


def _moved(rho: FloatArray, shift: FloatArray | float) -> FloatArray:
    """Correlations of one study: moved away from or towards 0 on Fisher's scale; 0 stays 0."""
    return np.tanh(np.arctanh(rho) + np.sign(rho) * shift)
