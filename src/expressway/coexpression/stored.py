"""The pairs that are stored: chosen in float64, with q values over all pairs tested, scores and ranks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from expressway.coexpression import scores
from expressway.coexpression.catalog import Q_STRICT, features
from expressway.coexpression.choices import Choices
from expressway.coexpression.contrasts import ContrastSet
from expressway.coexpression.engine.candidates import canonical, uid_order
from expressway.coexpression.engine.falsediscovery import Tail, counted_tail, exact_tail, log_q, penalty
from expressway.coexpression.engine.layout import Layout
from expressway.coexpression.engine.screen import Screened, Search
from expressway.coexpression.engine.survivors import correlations
from expressway.coexpression.engine.weights import FAMILIES
from expressway.coexpression.genes import expression_summary
from expressway.coexpression.metrics import PAIRS_AT_ONCE, Columns, pair_metrics, z_statistics
from expressway.coexpression.study import CohortStudy

Array = NDArray[np.float64]
Numbers = NDArray[np.int32]
MAIN = FAMILIES[:3]
Q_NAMES: dict[str, str] = {
    "ss": "q_ss",
    "soth": "q_soth",
    "combined": "q_combined",
    **{family: f"q_value_{family}" for family in FAMILIES[3:6]},
    **{family: f"q_diff_{family}" for family in FAMILIES[6:]},
}
STACKED = "stacked"
"""The tail of ss, soth and combined as one family."""
GUARD = 1e-4
"""Share of |z| by which a pair's float32 value may miss its float64 one, with much to spare."""
WHOLE = ("COUNT", "RANK")


def family_tails(layout: Layout, screened: Screened, search: Search, choices: Choices) -> tuple[dict[str, Tail], bool]:
    """The tail of every family and of ss, soth and combined stacked, and whether these four are exact."""
    tested = {family: int(count) for family, count in zip(FAMILIES, screened.counts, strict=False)}
    extra = {family: penalty(choices.fdr, count) for family, count in tested.items()}
    tails = {
        family: counted_tail(screened.histogram[number], tested[family], search.least, extra[family])
        for number, family in enumerate(FAMILIES)
    }
    together = sum(tested[family] for family in MAIN)
    extra[STACKED] = penalty(choices.fdr, together)
    counted = screened.histogram[: len(MAIN)].sum(axis=0)
    tails[STACKED] = counted_tail(counted, together, search.least, extra[STACKED])
    exact = screened.cut <= search.least * (1 - GUARD / 2)
    if exact:
        z = _exact_z(layout, screened.first, screened.second, choices)
        known = FAMILIES if screened.cut < 0 else MAIN
        bound = 0.0 if screened.cut < 0 else search.least
        for number, family in enumerate(known):
            tails[family] = exact_tail(z[number], tested[family], bound, extra[family])
        tails[STACKED] = exact_tail(z[: len(MAIN)].ravel(), together, bound, extra[STACKED])
    return tails, exact


def _exact_z(layout: Layout, first: Numbers, second: Numbers, choices: Choices) -> Array:
    """|z| of the nine families in float64, (families, pairs)."""
    blocks = [np.empty((len(FAMILIES), 0))]
    for start in range(0, len(first), PAIRS_AT_ONCE):
        part = slice(start, start + PAIRS_AT_ONCE)
        found = correlations(layout, first[part], second[part], choices.min_n)
        blocks.append(z_statistics(layout, found, choices))
    return np.concatenate(blocks, axis=1)


def store(
    studies: Sequence[CohortStudy],
    contrasts: ContrastSet,
    layout: Layout,
    screened: Screened,
    tails: dict[str, Tail],
    keep: int,
    choices: Choices,
) -> pl.DataFrame:
    """The `keep` pairs with the smallest p of ss, soth and combined, ties by pair_uid, with all their features."""
    best = _best(layout, screened, keep, choices)
    a, b, ids = _in_order(layout, screened.first[best], screened.second[best])
    columns = pair_metrics(layout, a, b, choices)
    columns |= _q_values(columns, tails)
    columns |= _expression(studies, contrasts, layout.genes, a, b)
    columns |= _scores(columns)
    return _frame(ids, columns)


def _best(layout: Layout, screened: Screened, keep: int, choices: Choices) -> NDArray[np.int64]:
    """Places of the best candidates; those too near the last place for float32 to tell are compared in float64."""
    score = screened.score
    if len(score) <= keep:
        return np.arange(len(score))
    last = float(np.partition(score, len(score) - keep)[len(score) - keep])
    guard = GUARD * max(abs(last), 1.0)
    sure, near = np.flatnonzero(score > last + guard), np.flatnonzero(np.abs(score - last) <= guard)
    first, second = screened.first[near], screened.second[near]
    z = np.fmax.reduce(_exact_z(layout, first, second, choices)[: len(MAIN)])
    order = np.lexsort((uid_order(first, second, layout.alphabet()), -np.nan_to_num(z, nan=-1.0)))
    return np.concatenate([sure, near[order[: keep - len(sure)]]])


def _q_values(columns: Columns, tails: dict[str, Tail]) -> Columns:
    logs = {family: log_q(tails[family], columns[f"|z| {family}"]) for family in FAMILIES}
    logs[STACKED] = log_q(tails[STACKED], np.fmax.reduce([columns[f"|z| {family}"] for family in MAIN]))
    found: Columns = {}
    for family, name in {**Q_NAMES, STACKED: Q_STRICT}.items():
        known = np.where(np.isinf(logs[family]) & (logs[family] > 0), np.nan, logs[family])
        found[name] = np.exp(known)
        found[f"{name}_bound"] = np.isposinf(logs[family]).astype(np.float64)
    for family in MAIN:
        known = np.where(np.isposinf(logs[family]), np.nan, logs[family])
        found[f"neglog_{Q_NAMES[family]}"] = scores.neglog10(known)
    smallest = np.minimum.reduce([np.nan_to_num(logs[family], nan=0.0, posinf=0.0) for family in MAIN])
    return found | {"q_star": np.exp(smallest), "neglog_q_star": scores.neglog10(smallest)}


def _expression(
    studies: Sequence[CohortStudy], contrasts: ContrastSet, genes: Sequence[str], a: Numbers, b: Numbers
) -> Columns:
    used, places = np.unique(np.concatenate([a, b]), return_inverse=True)
    one, other = places[: len(a)], places[len(a) :]
    found: Columns = {}
    for name, values in expression_summary(studies, [genes[gene] for gene in used], contrasts).items():
        found[f"{name}_min"] = np.minimum(values[one], values[other])
        found[f"{name}_max"] = np.maximum(values[one], values[other])
    return found


def _scores(columns: Columns) -> Columns:
    absent = np.full(len(columns["q_star"]), np.nan)
    models = ("lof_score", "iforest_score", "ranksvm_score", "unsupervised_score")
    metrics = scores.metrics_score(columns)
    found = dict.fromkeys(models, absent) | {
        "metrics_score": metrics,
        "rank_score": scores.rank_score(metrics),
        "new_rank_score": scores.new_rank_score(columns),
    }
    return found | {"rank_position": scores.rank_position(columns | found)}


def _in_order(layout: Layout, first: Numbers, second: Numbers) -> tuple[Numbers, Numbers, pl.DataFrame]:
    """The genes of pairs as pair_uid names them, in its order, and their ids."""
    alphabet = layout.alphabet()
    order = np.argsort(uid_order(first, second, alphabet))
    a, b = canonical(first[order], second[order], alphabet[1])
    names = pl.Series(layout.genes, dtype=pl.String)
    ids = pl.DataFrame({"geneA": names.gather(a), "geneB": names.gather(b)})
    ids = ids.with_columns(pair_uid=pl.concat_str("geneA", "geneB", separator="|"))
    if any("|" in gene for gene in layout.genes):  # then the order of texts is another one
        text = ids["pair_uid"].arg_sort().to_numpy()
        return a[text], b[text], ids[text]
    return a, b, ids


def _frame(ids: pl.DataFrame, columns: Columns) -> pl.DataFrame:
    known = {feature.name: pl.col(feature.name).fill_nan(None) for feature in features()}
    whole = [feature.name for feature in features() if feature.expected_scale in WHOLE]
    return ids.hstack(pl.DataFrame(columns)).select(
        "geneA",
        "geneB",
        "pair_uid",
        *(values.cast(pl.Int64) if name in whole else values for name, values in known.items()),
        *(pl.col(f"{name}_bound") == 1 for name in Q_NAMES.values()),
        pl.col(Q_STRICT).fill_nan(None),
        pl.col(f"{Q_STRICT}_bound") == 1,
    )
