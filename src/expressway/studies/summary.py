"""Exact statistics of every sample and gene of a spilled matrix, stripe of samples after stripe."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from expressway.studies.gene_summary import GeneSummary, value_hashes
from expressway.studies.rank_summary import RankSummary
from expressway.studies.sample_summary import SampleSummary
from expressway.studies.spill import Spill

_STRIPE_BYTES = 2**22
_WORKERS = min(4, os.cpu_count() or 1)


@dataclass(slots=True)
class Summary:
    """Statistics of a whole matrix."""

    samples: SampleSummary
    genes: GeneSummary
    ranks: RankSummary

    def integer_share(self) -> float:
        """Share of non-missing cells that are whole numbers."""
        cells = float(self.genes.counts.sum())
        return float(self.samples.integers.sum()) / cells if cells else float("nan")

    def sorted_agreement(self) -> float:
        """Share of ranks at which the sorted columns of all samples agree; NaN when no rank can be compared.

        Ranks of samples that miss different numbers of genes mean different things: then nothing is compared.
        """
        return self.ranks.agreement() if len(set(self.samples.missing.tolist())) == 1 else float("nan")

    def duplicate_vectors(self) -> int:
        """Genes that equal another gene in every sample, constant genes and those at the floor everywhere aside."""
        hashes = self.genes.hashes[self.genes.varying()]
        floor = value_hashes(self.samples.floor[:, None], 0)
        _, counts = np.unique(hashes[hashes != floor], return_counts=True)
        return int(counts[counts > 1].sum())


# Values near the largest number make sums infinite; that is an answer, not a warning.
@np.errstate(over="ignore", invalid="ignore")
def summarise(spill: Spill, progress: Callable[[int], None]) -> Summary:
    """Statistics of all samples and genes.

    Memory: a few stripes of 4 MiB and a few arrays as long as the genes.

    Args:
        spill: the values.
        progress: told the number of samples done after each stripe.
    """
    total = Summary(SampleSummary.of([], spill.genes), GeneSummary.empty(spill.genes), RankSummary.empty(spill.genes))
    parts = [total.samples]
    for last, part in _parts(spill):
        parts.append(part.samples)
        total.genes.add(part.genes)
        total.ranks.add(part.ranks)
        progress(last)
    total.samples = SampleSummary.joined(parts)
    total.genes.means[total.genes.counts == 0] = np.nan
    return total


def _parts(spill: Spill) -> Iterator[tuple[int, Summary]]:
    # In order, so that sums do not depend on which thread was faster.
    with ThreadPoolExecutor(_WORKERS) as workers:
        waiting = []
        for first, last in spill.stripes(_STRIPE_BYTES):
            waiting.append((last, workers.submit(_part, spill, first, last)))
            if len(waiting) > _WORKERS:
                done, part = waiting.pop(0)
                yield done, part.result()
        for done, part in waiting:
            yield done, part.result()


@np.errstate(over="ignore", invalid="ignore")
def _part(spill: Spill, first: int, last: int) -> Summary:
    stripe = spill.columns(first, last)
    genes, ranks = GeneSummary.of(stripe, first), RankSummary.empty(spill.genes)
    stripe.sort(axis=1)
    ordered = [values[: np.searchsorted(values, np.nan)] for values in stripe]
    for values in ordered:
        ranks.add_sample(values)
    return Summary(SampleSummary.of(ordered, spill.genes), genes, ranks)
