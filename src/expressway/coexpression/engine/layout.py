"""Studies as the engine sees them: the ranks of every gene in every cohort, and which genes each cohort has.

A *slot* is a cohort of a study; the slots of study `s` are `s * L` to `s * L + L - 1` in the order of the labels:
case, reference, control, then what else counts among the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from expressway.coexpression.contrasts import ContrastSet
from expressway.coexpression.engine.products import ROWS
from expressway.coexpression.fisher import SeMethod, std_error
from expressway.coexpression.ranks import doubled_ranks
from expressway.coexpression.study import CohortStudy
from expressway.errors import InvalidSetting

CASE, REFERENCE, CONTROL = 0, 1, 2
POOLED = "(others)"
"""The label of the cohort that the others make up together."""
MISSING = -(2**15)
"""In place of a rank where the value is missing."""
MOST_SAMPLES = 2**15
"""Of a cohort: doubled centred ranks stay above MISSING."""


@dataclass(frozen=True, slots=True)
class Rules:
    """When a gene counts in a cohort."""

    min_n: int = 5
    max_missing: float = 0.2
    detection: float = 0.5


@dataclass(frozen=True, slots=True)
class Layout:
    """Everything that a pass over pairs reads; nothing in it grows with the number of pairs."""

    genes: tuple[str, ...]
    """Genes that have at least one cohort; those the kernel knows first, by presence pattern."""
    complete: int
    """Genes before this one have no missing value in any cohort they count in, and each a measurement of its own."""
    studies: tuple[str, ...]
    groups: NDArray[np.int64]
    """First study of every technology, then the number of studies."""
    labels: tuple[str, ...]
    others: NDArray[np.bool_]
    """Whether a label counts among the others of the contrast of case against others."""
    mixed: tuple[str, ...]
    """Labels whose samples make up the last label's cohort, where the others are pooled into one; else none."""
    n: NDArray[np.int64]
    """Samples of every slot; 0 where the study has no such cohort, or one that is too small."""
    offsets: NDArray[np.int64]
    """Where the ranks of every slot start in `ranks`."""
    ranks: NDArray[np.int16]
    """Doubled centred ranks by slot and gene, each gene's filled up with 0 to an even number, some rows to spare at the
    end; MISSING where a value is, 0 where a gene does not count."""
    squares: NDArray[np.float64]
    """Sum of squared ranks, (slots, genes); NaN where a value is missing."""
    pattern: NDArray[np.int32]
    """Number of the presence pattern of every gene."""
    present: NDArray[np.bool_]
    """(patterns, slots): whether genes of a pattern count in a slot."""
    measured: NDArray[np.int64]
    """(studies, genes): the number of a gene's measurement; two genes that have the same one are no pair there."""

    @property
    def labels_per_study(self) -> int:
        """Slots of a study."""
        return len(self.labels)

    def slot_ranks(self, slot: int) -> NDArray[np.int16]:
        """The ranks of a slot, (genes, samples and what fills them up)."""
        start, n = self.offsets[slot], even(self.n[slot])
        return self.ranks[start : start + n * len(self.genes)].reshape(len(self.genes), n)

    def largest_square(self) -> NDArray[np.float64]:
        """n (n^2 - 1) / 3 of every slot: the sum of squared ranks without ties."""
        n = self.n.astype(np.float64)
        return np.asarray(n * (n * n - 1) / 3)

    def variances(self, se_method: SeMethod) -> NDArray[np.float64]:
        """Variance of Fisher's z in every slot; infinite where there is none."""
        errors = std_error(self.n, np.zeros(len(self.n)), method=se_method)
        return np.where(self.n > 3, errors**2, np.inf)

    def alphabet(self) -> NDArray[np.int64]:
        """Places of the genes in the order of pair_uid: as the first gene, which a bar follows, and as the second.

        Where ids hold bars the order that comes of it is another one, but still one and the same for all pairs.
        """
        places = np.empty((2, len(self.genes)), np.int64)
        for row, tail in enumerate(("|", "")):
            order = sorted(range(len(self.genes)), key=lambda gene: self.genes[gene] + tail)
            places[row, order] = np.arange(len(order))
        return places

    def pairs_of_one_measurement(self) -> int:
        """How often two genes that count in a study are one measurement there: no pair, and r = 1 of nothing."""
        there = self.present[self.pattern].reshape(len(self.genes), len(self.studies), -1)
        total = 0
        for study, numbers in enumerate(self.measured):
            _, sizes = np.unique(numbers[there[:, study].any(axis=1)], return_counts=True)
            total += int((sizes * (sizes - 1) // 2).sum())
        return total

    def expected_pairs(self) -> int:
        """Pairs of different genes."""
        return len(self.genes) * (len(self.genes) - 1) // 2


def even(n: Any) -> Any:
    """n, or one more where it is odd."""
    return n + n % 2


def lay_out(
    studies: Sequence[CohortStudy],
    genes: Sequence[str],
    contrasts: ContrastSet,
    rules: Rules,
    *,
    pooled_others: bool = False,
    by_technology: bool = False,
) -> Layout:
    """The layout of `genes` in `studies`; genes that count nowhere are left out.

    Args:
        studies: in any order; they are used by name, or by technology and name.
        genes: ids in any order, each once; they are used in sorted order.
        contrasts: which labels are case, reference, control and others.
        rules: when a gene counts in a cohort.
        pooled_others: the others are one cohort of all their samples, instead of cohorts that are weighed together.
        by_technology: pool each technology for itself, then all of them by fixed effect.
    """
    ordered = sorted(studies, key=lambda study: (study.technology if by_technology else "", study.name))
    names = np.array(sorted(genes), dtype=object)
    three = (contrasts.case, contrasts.reference, contrasts.control)
    mixed = contrasts.others if pooled_others else ()
    labels = (*three, POOLED) if mixed else tuple(dict.fromkeys((*three, *contrasts.others)))
    slots = [
        _slot(study, rows, mixed if label == POOLED else (label,), rules)
        for study, rows in ((study, study.rows(names)) for study in ordered)
        for label in labels
    ]
    presence = np.array([slot.present for slot in slots]).reshape(len(slots), len(names))
    measured = np.array([study.measurements(names) for study in ordered])
    missing = _shared(measured, presence.reshape(len(ordered), len(labels), -1))
    for slot in slots:
        missing |= slot.incomplete
    order, pattern, present = _order(presence, missing)
    ranks, offsets, squares = _packed(slots, order)
    return Layout(
        genes=tuple(names[order]),
        complete=int(len(order) - missing[order].sum()),
        studies=tuple(study.name for study in ordered),
        groups=_groups([study.technology if by_technology else "" for study in ordered]),
        labels=labels,
        others=np.array([label == POOLED if mixed else label in contrasts.others for label in labels]),
        mixed=mixed,
        n=np.array([slot.n for slot in slots], dtype=np.int64),
        offsets=offsets,
        ranks=ranks,
        squares=squares,
        pattern=pattern,
        present=present,
        measured=measured[:, order],
    )


def _shared(measured: NDArray[np.int64], presence: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Genes whose measurement in a study is that of an earlier gene, of those that count there."""
    shared = np.zeros(measured.shape[1], dtype=bool)
    for numbers, there in zip(measured, presence, strict=True):
        here = np.flatnonzero(there.any(axis=0))
        later = np.ones(len(here), dtype=bool)
        later[np.unique(numbers[here], return_index=True)[1]] = False
        shared[here[later]] = True
    return shared


@dataclass(frozen=True, slots=True)
class _Slot:
    n: int
    rows: NDArray[np.int64]
    """Row of the slot's ranks for every gene; -1 where the gene does not count."""
    ranks: NDArray[np.int16]
    present: NDArray[np.bool_]
    incomplete: NDArray[np.bool_]


def _slot(study: CohortStudy, rows: NDArray[np.int64], labels: Sequence[str], rules: Rules) -> _Slot:
    chosen = np.flatnonzero(np.isin(np.asarray(study.cohorts, dtype=str), labels))
    nobody = np.zeros(len(rows), dtype=bool)
    if len(chosen) < max(rules.min_n, 4):
        return _Slot(0, np.full(len(rows), -1), np.empty((0, 0), np.int16), nobody, nobody)
    if len(chosen) > MOST_SAMPLES:
        hint = f"At most {MOST_SAMPLES:,}: split the study."
        raise InvalidSetting(f"{study.name} has {len(chosen):,} samples in a cohort", value=len(chosen), hint=hint)
    here = np.flatnonzero(rows >= 0)
    values = np.asarray(study.values)[np.ix_(rows[here], chosen)]
    counts, gaps = _counting(values, study, rows[here], chosen, rules)
    if not counts.all():
        here, values, gaps = here[counts], values[counts], gaps[counts]
    ranks = np.empty(values.shape, np.int16)
    whole = ~gaps if gaps.any() else slice(None)
    ranks[whole] = doubled_ranks(values[whole])
    for row in np.flatnonzero(gaps):
        known = ~np.isnan(values[row])
        ranks[row] = MISSING
        ranks[row, known] = doubled_ranks(values[row : row + 1, known])[0]
    place = np.full(len(rows), -1, dtype=np.int64)
    place[here] = np.arange(len(here))
    incomplete = nobody.copy()
    incomplete[here[gaps]] = True
    return _Slot(len(chosen), place, ranks, place >= 0, incomplete)


def _counting(
    values: NDArray[np.float64], study: CohortStudy, rows: NDArray[np.int64], chosen: NDArray[np.int64], rules: Rules
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which genes count in a cohort, and which of its genes have a missing value."""
    absent = np.isnan(values)
    known = (~absent).sum(axis=1)
    gaps = known < values.shape[1]
    low = np.fmin.reduce(values, axis=1)
    high = np.fmax.reduce(values, axis=1)
    counts = (
        (low < high)
        & (known >= max(rules.min_n, 4))
        & ((values.shape[1] - known) / values.shape[1] <= rules.max_missing)
    )
    if study.detected is not None:
        share = (np.asarray(study.detected)[np.ix_(rows, chosen)] & ~absent).sum(axis=1)
        counts &= share / np.maximum(known, 1) >= rules.detection
    return counts, gaps


def _order(
    presence: NDArray[np.bool_], missing: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.bool_]]:
    """Genes in the order of the engine, the pattern of each, and the patterns."""
    counted = np.flatnonzero(presence.any(axis=0))
    keys = presence[:, counted].T
    rows = np.lexsort(keys.T[::-1])
    new = np.ones(len(rows), dtype=bool)
    new[1:] = (keys[rows[1:]] != keys[rows[:-1]]).any(axis=1)
    number = np.empty(len(rows), np.int32)
    number[rows] = np.cumsum(new) - 1
    order = np.lexsort((counted, number, missing[counted]))
    return counted[order], number[order], keys[rows[new]]


def _packed(
    slots: Sequence[_Slot], order: NDArray[np.int64]
) -> tuple[NDArray[np.int16], NDArray[np.int64], NDArray[np.float64]]:
    """All ranks in one array, where each slot starts, and the sums of squares."""
    widths = [even(slot.n) for slot in slots]
    offsets = np.concatenate([[0], np.cumsum(np.array(widths) * len(order))]).astype(np.int64)
    ranks = np.zeros(int(offsets[-1]) + ROWS * max(widths), np.int16)
    squares = np.zeros((len(slots), len(order)))
    for number, slot in enumerate(slots):
        if slot.n:
            there = np.flatnonzero(slot.rows[order] >= 0)
            block = ranks[offsets[number] : offsets[number + 1]].reshape(len(order), widths[number])
            block[there, : slot.n] = slot.ranks[slot.rows[order[there]]]
            squares[number] = np.einsum("ij,ij->i", block, block, dtype=np.float64)
            squares[number, slot.incomplete[order]] = np.nan
    return ranks, offsets[:-1], squares


def _groups(technologies: Sequence[str]) -> NDArray[np.int64]:
    starts = [at for at, name in enumerate(technologies) if at == 0 or name != technologies[at - 1]]
    return np.array([*starts, len(technologies)], dtype=np.int64)
