"""Gene ids as they are spelt in files: versions cut off, several probes of one gene found and averaged."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from expressway.studies.spill import Spill
from expressway.studies.study import FloatArray

_VERSIONED = re.compile(r"(ENS[A-Z]*\d+)\.\d+(_PAR_Y)?")
_ENSEMBL = re.compile(r"ENS[A-Z]*\d+")
_PROBE = re.compile(r"(.+)\.\d+")
_STRIPE_BYTES = 2**25


def clean_gene_id(gene: str) -> str:
    """A gene id without the version of Ensembl ids: ENSG00000000003.15 becomes ENSG00000000003; _PAR_Y stays."""
    if "." in gene and gene.startswith("ENS") and (match := _VERSIONED.fullmatch(gene)):
        return match[1] + (match[2] or "")
    return gene


def probe_groups(genes: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
    """Gene -> its further probes `X.1`, `X.2`, where X itself is on the axis and is no Ensembl id."""
    known, groups = set(genes), dict[str, list[str]]()
    for gene in dict.fromkeys(gene for gene in genes if "." in gene):
        base = gene
        while (match := _PROBE.fullmatch(base)) and match[1] in known and not _ENSEMBL.match(match[1]):
            base = match[1]
        if base != gene:
            groups.setdefault(base, []).append(gene)
    return {gene: tuple(probes) for gene, probes in groups.items()}


def merge_probes(spill: Spill, genes: Sequence[str], groups: Mapping[str, tuple[str, ...]]) -> tuple[list[str], Spill]:
    """The genes that are left, in order of first appearance, and their values in a new spill.

    A merged gene has the mean over the non-missing values of its probes.

    Args:
        spill: the values; stays open.
        genes: its genes.
        groups: what `probe_groups` found.
    """
    names, targets = _targets(genes, groups)
    first_rows = np.unique(targets, return_index=True)[1]
    several = np.bincount(targets) > 1
    members = np.flatnonzero(several[targets])
    members = members[np.argsort(targets[members], kind="stable")]
    starts = np.flatnonzero(np.diff(targets[members], prepend=-1))
    merged = Spill()
    try:
        for first, last in spill.stripes(_STRIPE_BYTES):
            stripe = spill.columns(first, last)
            values = stripe[:, first_rows]
            values[:, several] = _means(stripe[:, members], starts)
            merged.append(values)
    except BaseException:
        merged.close()
        raise
    return names, merged


def _targets(genes: Sequence[str], groups: Mapping[str, tuple[str, ...]]) -> tuple[list[str], NDArray[np.intp]]:
    """The merged names, and the place of each gene among them."""
    base_of = {probe: gene for gene, probes in groups.items() for probe in probes}
    names: list[str] = []
    place_of: dict[str, int] = {}
    seen: set[str] = set()
    targets = np.empty(len(genes), np.intp)
    for row, gene in enumerate(genes):
        base = base_of.get(gene, gene)
        # A second row of the very same name is a fault to be reported, never merged.
        if base not in place_of or (gene == base and gene in seen):
            place_of.setdefault(base, len(names))
            targets[row] = len(names)
            names.append(base)
        else:
            targets[row] = place_of[base]
        seen.add(gene)
    return names, targets


@np.errstate(over="ignore")
def _means(values: FloatArray, starts: NDArray[np.intp]) -> FloatArray:
    present = ~np.isnan(values)
    counts = np.add.reduceat(present, starts, axis=1, dtype=np.float64)
    sums = np.add.reduceat(np.where(present, values, 0.0), starts, axis=1)
    return np.divide(sums, counts, out=np.full_like(sums, np.nan), where=counts > 0)
