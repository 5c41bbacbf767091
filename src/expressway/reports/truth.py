"""How much of a planted truth a ranked list finds: for the demo, where the truth is known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import polars as pl


def recovery(ranked: Sequence[str], planted: Iterable[str]) -> pl.DataFrame:
    """One row for each length of the list: top, found, recall (found / planted), false_discovery_proportion.

    Args:
        ranked: pair_uid of the ranked pairs, best first.
        planted: pair_uid of the pairs that differ.
    """
    true = set(planted)
    listed = pl.DataFrame({"pair_uid": list(ranked)}, schema={"pair_uid": pl.String})
    top = pl.int_range(1, pl.len() + 1)
    found = pl.col("pair_uid").is_in(list(true)).cum_sum()
    return listed.select(
        top=top,
        found=found,
        recall=found / max(len(true), 1),
        false_discovery_proportion=1 - found / top,
    )
