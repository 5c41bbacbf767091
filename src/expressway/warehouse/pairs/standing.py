"""Where a pair stands among the stored pairs of its slice: its row, or what can be said of it without one."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from expressway.coexpression.catalog import Q_STRICT, features
from expressway.warehouse.engines.base import Connection
from expressway.warehouse.pairs.slice import Slice

RUN = """
SELECT feature_run_id, settings_json, pairs_tested, pairs_stored, status FROM meta.feature_run
WHERE disease_key = :disease AND technology = :technology AND organism = :organism AND status IN ('CURRENT', 'STALE')
"""
ROW = """
SELECT f.* FROM fact.fact_gene_pair_metrics f JOIN dim.dim_gene_pair p ON p.pair_key = f.pair_key
WHERE p.genea_key = :first AND p.geneb_key = :second AND f.metrics_scope = 'META_STUDIES'
AND f.disease_key = :disease AND f.technology = :technology AND f.organism = :organism
"""
LEAST = "least(coalesce(p_ss, 2), coalesce(p_soth, 2), coalesce(combined_p_value, 2))"
LAST = f"""
SELECT max({LEAST}) FROM fact.fact_gene_pair_metrics
WHERE metrics_scope = 'META_STUDIES' AND disease_key = :disease AND technology = :technology AND organism = :organism
"""
BETTER = """
SELECT max({q}), count(*) FROM fact.fact_gene_pair_metrics
WHERE metrics_scope = 'META_STUDIES' AND disease_key = :disease AND technology = :technology AND organism = :organism
AND {p} <= :value
"""
RATES = {"q_ss": "p_ss", "q_soth": "p_soth", "q_combined": "combined_p_value"}
"""The false discovery rates by which pairs are kept, and their p."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What the slice knows of a pair."""

    row: Mapping[str, Any] | None
    """The stored features by their catalogue names, q_star_strict, the bound flags; None when it is not stored."""
    run: Mapping[str, Any] | None
    """The run that stored the slice: feature_run_id, settings, pairs_tested, pairs_stored, status."""


def standing(connection: Connection, of: Slice, keys: tuple[int, int]) -> Standing:
    """The stored row of the pair of two genes, and the run of the slice."""
    slice_keys = _slice_keys(of)
    runs = connection.dicts(text(RUN).bindparams(**slice_keys))
    run = None
    if runs:
        given = runs[0].pop("settings_json")
        run = runs[0] | {"settings": json.loads(given) if isinstance(given, str) else given or {}}
    first, second = sorted(keys)
    rows = connection.dicts(text(ROW).bindparams(first=first, second=second, **slice_keys))
    if not rows:
        return Standing(None, run)
    named = {feature.name: rows[0][feature.column] for feature in features()}
    bounds = {name: bool(value) for name, value in rows[0].items() if name.endswith("_bound")}
    return Standing(named | {Q_STRICT: rows[0][Q_STRICT]} | bounds, run)


def _slice_keys(of: Slice) -> dict[str, Any]:
    return {"disease": of.disease_key, "technology": of.technology, "organism": of.organism}


def why_not_stored(connection: Connection, of: Slice, run: Mapping[str, Any] | None, p: Mapping[str, Any]) -> list[str]:
    """Why a pair is not among the stored ones, and between what its false discovery rates lie.

    Args:
        run: the run of the slice, if there was one.
        p: p_ss, p_soth and combined_p_value of the pair, None where it has none.
    """
    if run is None:
        command = f"expressway aggregate --disease {of.disease} --technology {of.technology}"
        return [f"no pairs of this slice are stored yet: `{command}`"]
    known = {name: float(p[name]) for name in RATES.values() if p.get(name) is not None}
    if not known:
        return []
    notes = []
    last = connection.scalar(text(LAST).bindparams(**_slice_keys(of)))
    least = min(known.values())
    if last is not None and least >= last:
        notes.append(
            f"not stored: its smallest p is {least:.3g}; of {run['pairs_tested']:,} tested pairs the "
            f"{run['pairs_stored']:,} with p up to {last:.3g} are kept"
        )
    elif last is not None:
        notes.append(
            f"not stored, though its smallest p {least:.3g} is below the {last:.3g} of the last stored pair: the run "
            "left out one of its genes, or had other data or settings"
        )
    if run["status"] == "CURRENT":
        notes.extend(
            _bound(connection, of, run, rate, known[column]) for rate, column in RATES.items() if column in known
        )
    return notes


def _bound(connection: Connection, of: Slice, run: Mapping[str, Any], rate: str, p: float) -> str:
    """Benjamini-Hochberg's q is at least p and that of every smaller p, and at most m p / rank.

    Benjamini-Yekutieli's is that times the sum of 1 / i over the m tested pairs.
    """
    query = text(BETTER.format(q=rate, p=RATES[rate])).bindparams(value=p, **_slice_keys(of))
    largest, better = connection.fetchall(query)[0]
    m = int(run["pairs_tested"])
    penalty = math.log(m) + 0.5773 + 0.5 / m if run["settings"].get("fdr") == "BY" and m else 1.0
    above, below = max(float(largest or 0.0), p), min(1.0, m * p * penalty / (int(better) + 1))
    return f"{rate} is at least {above:.3g}" + (f" and at most {below:.3g}" if below < 1 else "")
