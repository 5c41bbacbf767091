"""Every pair of genes of some studies: from arrays to ranked pairs, with no warehouse."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from expressway.coexpression.choices import Choices
from expressway.coexpression.contrasts import ContrastSet, load_contrasts
from expressway.coexpression.engine import checkpoints
from expressway.coexpression.engine.layout import Layout, Rules, lay_out
from expressway.coexpression.engine.screen import Search, screen
from expressway.coexpression.engine.survivors import correlations
from expressway.coexpression.engine.tiles import CLIPPED, problem
from expressway.coexpression.fisher import is_clipped
from expressway.coexpression.genes import GeneSelection, duplicates, select_genes
from expressway.coexpression.metrics import z_statistics
from expressway.coexpression.pictures import distributions
from expressway.coexpression.stored import STACKED, family_tails, store
from expressway.coexpression.study import CohortStudy
from expressway.errors import InvalidSetting

Progress = Callable[[int, int], None]
CANDIDATES = 300_000
"""Pairs up to which all of the tail are computed again in float64, so that q is exact."""
PLAIN_PAIRS = 250_000_000
"""Pairs up to which a pass in plain numpy is allowed: 10 to 25 microseconds each."""
SAMPLED = 2_000
"""Genes up to which pictures of p are of all pairs; above, of every eighth gene with all after it."""


@dataclass(frozen=True, slots=True)
class Analysis:
    """All pairs tested, the best of them stored."""

    pairs: pl.DataFrame
    """The stored pairs by pair_uid: geneA, geneB, pair_uid, the 134 features of the catalogue, for each q value
    whether it is only known to be above `settings["q_bound"]`, and q_star_strict with the same."""
    pairs_tested: int
    """All pairs of the genes that entered; `counts` has in how many of them each test could be made."""
    settings: dict[str, Any]
    """Everything that decides the result, ready for JSON; and `q_accuracy`: to what share of itself q of ss, soth,
    combined and of the three stacked is right. The other six are right to 1e-4, and exact where all pairs were computed
    in float64."""
    genes: pl.DataFrame
    """gene, status (KEPT, DROPPED), reason."""
    counts: dict[str, int]
    """Tested pairs of each family, stored pairs, correlations clipped, genes dropped; how often two genes had the same
    values in a study, so that they are no pair there."""
    distributions: dict[str, pl.DataFrame]
    """For pictures: `p_values` (family, low, high, pairs), `quantiles` (family, expected, observed: -log10 p)."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is known before any pair is looked at."""

    studies: tuple[CohortStudy, ...]
    contrasts: ContrastSet
    choices: Choices
    selection: GeneSelection
    layout: Layout
    rule: str | Sequence[str]

    @property
    def plain_pairs(self) -> int:
        """Pairs that the compiled kernel does not know."""
        genes, complete = len(self.layout.genes), self.layout.complete if self.choices.compiled else 0
        return genes * (genes - 1) // 2 - complete * (complete - 1) // 2


def prepare(
    studies: Sequence[CohortStudy],
    *,
    contrasts: str | Path | ContrastSet = "sepsis",
    genes: str | Sequence[str] = "all",
    by_technology: bool = False,
    choices: Choices | None = None,
) -> Prepared:
    """Choose the genes and lay out their ranks; the arguments are those of `analyse`."""
    chosen = choices or Choices()
    _check(studies)
    declared = contrasts if isinstance(contrasts, ContrastSet) else load_contrasts(contrasts)
    selection = select_genes(studies, genes)
    selection.drop(duplicates(studies, selection.kept))
    layout = lay_out(
        studies,
        selection.kept,
        declared,
        Rules(chosen.min_n, chosen.max_missing, chosen.detection),
        pooled_others=chosen.others == "pooled",
        by_technology=by_technology,
    )
    _explain(selection, layout, chosen)
    return Prepared(tuple(sorted(studies, key=lambda study: study.name)), declared, chosen, selection, layout, genes)


def _check(studies: Sequence[CohortStudy]) -> None:
    if not studies:
        raise InvalidSetting("there is no study to analyse", value=0, hint="Give at least one CohortStudy.")
    names = [study.name for study in studies]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        hint = "Give each study a name of its own; a study that is given twice counts its samples twice."
        raise InvalidSetting(f"two studies are called {twice[0]}", value=twice[0], hint=hint)


def _explain(selection: GeneSelection, layout: Layout, choices: Choices) -> None:
    counted = set(layout.genes)
    reason = f"in no cohort does it vary over {choices.min_n} samples with values"
    if choices.detection > 0:
        reason += f" and is detected in {choices.detection:.0%} of them"
    selection.drop({gene: reason for gene in selection.kept if gene not in counted})
    if len(layout.genes) < 2:
        sizes = {
            label: int(n)
            for label, n in zip(layout.labels, layout.n.reshape(-1, len(layout.labels)).max(0), strict=True)
        }
        hint = f"Largest cohorts of at least {choices.min_n} samples: {sizes}. Is `min_n` or `detection` too high?"
        raise InvalidSetting(f"{len(layout.genes)} genes are left to pair", value=len(layout.genes), hint=hint)


def analyse(  # noqa: PLR0913 - every one may be left out
    studies: Sequence[CohortStudy],
    *,
    contrasts: str | Path | ContrastSet = "sepsis",
    genes: str | Sequence[str] = "all",
    keep: int = 100_000,
    by_technology: bool = False,
    threads: int | None = None,
    tile: int = 512,
    checkpoint: Path | None = None,
    progress: Progress | None = None,
    **choices: Any,
) -> Analysis:
    """Correlate every pair of genes in every cohort of every study, pool over studies, and store the best pairs.

    Args:
        studies: matrices with a cohort for every sample.
        contrasts: a built-in set (`sepsis`), a YAML file, or a ContrastSet.
        genes: which genes enter: `all`, `mad:N`, `variance:N`, `iqr:N`, `detection:SHARE`, `file:PATH`, or ids.
        keep: pairs to store, those with the smallest p of ss, soth and combined; all are tested.
        by_technology: pool each technology for itself, then all of them by fixed effect.
        threads: threads; every processor core when omitted. The result does not depend on it.
        tile: genes of a tile, 16 to 4096. The result does not depend on it.
        checkpoint: a file from which a killed run goes on; removed at the end.
        progress: called with pairs done and pairs in all.
        **choices: the fields of `Choices`: min_n, se_method, others, tau2_method, ci_method, combine, fdr, tail ...

    Raises:
        InvalidSetting: a value that cannot be used, fewer than two genes, too many pairs with missing values.
        UnknownSetting: a choice that does not exist.
    """
    if keep < 1 or not 16 <= tile <= 4096 or (threads is not None and threads < 1):
        hint = "keep and threads are 1 or more, tile is 16 to 4096."
        raise InvalidSetting(f"keep={keep}, threads={threads}, tile={tile} cannot be used", value=keep, hint=hint)
    prepared = prepare(
        studies, contrasts=contrasts, genes=genes, by_technology=by_technology, choices=Choices.of(choices)
    )
    return analyse_prepared(prepared, keep=keep, threads=threads, tile=tile, checkpoint=checkpoint, progress=progress)


def analyse_prepared(
    prepared: Prepared,
    *,
    keep: int = 100_000,
    threads: int | None = None,
    tile: int = 512,
    checkpoint: Path | None = None,
    progress: Progress | None = None,
) -> Analysis:
    """As `analyse`, of what `prepare` made."""
    layout, chosen = prepared.layout, prepared.choices
    _affordable(prepared)
    search = _search(layout, chosen, keep, tile, threads or available_cores(), checkpoint)

    def plain(first: NDArray[np.int64], second: NDArray[np.int64]) -> tuple[NDArray[np.float64], int]:
        found = correlations(layout, first, second, chosen.min_n)
        return z_statistics(layout, found, chosen), int(is_clipped(found.r, found.n).sum())

    screened = screen(problem(layout, layout.variances(chosen.se_method)), search, plain, progress)
    tails, exact = family_tails(layout, screened, search, chosen)
    pairs = store(prepared.studies, prepared.contrasts, layout, screened, tails, keep, chosen)
    if checkpoint is not None:
        checkpoints.remove(checkpoint)
    tested = {family: int(tail.tested) for family, tail in tails.items() if family != STACKED}
    return Analysis(
        pairs=pairs,
        pairs_tested=layout.expected_pairs(),
        settings=_settings(prepared, keep, exact),
        genes=_fates(prepared.selection),
        counts={f"tested_{family}": count for family, count in tested.items()}
        | {
            "pairs_tested": layout.expected_pairs(),
            "pairs_stored": pairs.height,
            "clipped": int(screened.counts[CLIPPED]),
            "genes": len(layout.genes),
            "genes_dropped": len(prepared.selection.dropped),
            "genes_incomplete": len(layout.genes) - layout.complete,
            "pairs_of_one_measurement": layout.pairs_of_one_measurement(),
        },
        distributions=distributions(screened, tested),
    )


def available_cores() -> int:
    """Processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _affordable(prepared: Prepared) -> None:
    if prepared.plain_pairs > PLAIN_PAIRS:
        incomplete = len(prepared.layout.genes) - prepared.layout.complete
        hint = "Choose fewer genes (genes='mad:5000'), or max_missing=0, which leaves genes with missing values out."
        if prepared.choices.compiled:
            raise InvalidSetting(
                f"{prepared.plain_pairs:,} pairs have a gene with missing or shared values ({incomplete:,} genes)",
                value=incomplete,
                hint=hint,
            )
        raise InvalidSetting(
            f"{prepared.plain_pairs:,} pairs are too many for these statistics", value=prepared.plain_pairs, hint=hint
        )


def _search(layout: Layout, choices: Choices, keep: int, tile: int, threads: int, checkpoint: Path | None) -> Search:
    from scipy.special import ndtri

    pairs = layout.expected_pairs()
    limit = min(max(2 * keep, CANDIDATES), pairs)
    reach = min(1.0, max(choices.tail, limit / pairs))
    return Search(
        least=float(-ndtri(choices.tail / 2)) if choices.tail < 1 else 0.0,
        start=-1.0 if pairs <= limit else float(-ndtri(reach / 2)),
        limit=limit,
        compiled=choices.compiled,
        fixed=choices.tau2_method == "EE",
        sample=1 if len(layout.genes) <= SAMPLED else 8,
        tile=tile,
        threads=threads,
        checkpoint=checkpoint,
    )


def _settings(prepared: Prepared, keep: int, exact: bool) -> dict[str, Any]:
    rule = prepared.rule if isinstance(prepared.rule, str) else f"{len(prepared.rule)} ids"
    return {
        "contrasts": asdict(prepared.contrasts),
        "genes": rule,
        "keep": keep,
        "by_technology": len(prepared.layout.groups) > 2,
        **prepared.choices.as_dict(),
        "studies": list(prepared.layout.studies),
        "q_bound": prepared.choices.tail,
        "q_accuracy": 1e-6 if exact else 1e-4,
    }


def _fates(selection: GeneSelection) -> pl.DataFrame:
    kept = [(gene, "KEPT", None) for gene in selection.kept]
    dropped = [(gene, "DROPPED", reason) for gene, reason in selection.dropped.items()]
    schema = {"gene": pl.String, "status": pl.String, "reason": pl.String}
    return pl.DataFrame(sorted(kept + dropped), schema=schema, orient="row")
