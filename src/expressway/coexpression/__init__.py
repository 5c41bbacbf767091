"""Pairs of genes: from arrays of expression values to pooled, tested, differential Spearman correlations.

Knows nothing of databases, files, settings or terminals: a notebook can use it alone.

    from expressway.coexpression import CohortStudy, analyse

    result = analyse([CohortStudy("A", genes, values, cohorts), CohortStudy("B", ...)])
    result.pairs
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from expressway.coexpression.analysis import Analysis, analyse
    from expressway.coexpression.combination import combine, stouffer
    from expressway.coexpression.consistency import agreement
    from expressway.coexpression.contrasts import ContrastSet, load_contrasts
    from expressway.coexpression.fdr import benjamini_hochberg, benjamini_yekutieli
    from expressway.coexpression.fisher import fisher_z, std_error
    from expressway.coexpression.pooling import Pooled, leave_one_out, pool, prediction_interval
    from expressway.coexpression.ranks import spearman
    from expressway.coexpression.sensitivity import power
    from expressway.coexpression.study import CohortStudy

__all__ = [
    "Analysis",
    "CohortStudy",
    "ContrastSet",
    "Pooled",
    "agreement",
    "analyse",
    "benjamini_hochberg",
    "benjamini_yekutieli",
    "combine",
    "fisher_z",
    "leave_one_out",
    "load_contrasts",
    "pool",
    "power",
    "prediction_interval",
    "spearman",
    "std_error",
    "stouffer",
]

_HOMES = {
    "Analysis": "analysis",
    "CohortStudy": "study",
    "ContrastSet": "contrasts",
    "Pooled": "pooling",
    "agreement": "consistency",
    "analyse": "analysis",
    "benjamini_hochberg": "fdr",
    "benjamini_yekutieli": "fdr",
    "combine": "combination",
    "fisher_z": "fisher",
    "leave_one_out": "pooling",
    "load_contrasts": "contrasts",
    "pool": "pooling",
    "power": "sensitivity",
    "prediction_interval": "pooling",
    "spearman": "ranks",
    "std_error": "fisher",
    "stouffer": "combination",
}


def __getattr__(name: str) -> Any:
    """What this room offers, imported when first asked for: the compiler of the kernel takes its time to load."""
    if name in _HOMES:
        value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
        globals()[name] = value  # `agreement`, `analyse` and `power` are also names of modules
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
