"""Are the right candidates kept, in whatever order they came?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from expressway.coexpression.analysis import prepare
from expressway.coexpression.engine.candidates import best_candidates
from expressway.coexpression.engine.screen import Search, screen
from expressway.coexpression.engine.tiles import problem
from tests.coexpression import examples

NAMES = st.lists(st.text("A1-|", min_size=1, max_size=3), min_size=2, max_size=8, unique=True)


@given(NAMES, st.data())
def test_the_largest_scores_are_kept_and_ties_go_by_pair_uid(names: list[str], data: Any) -> None:
    bars, plain = (sorted(name + tail for name in names) for tail in ("|", ""))
    alphabet = np.array([[bars.index(name + "|") for name in names], [plain.index(name) for name in names]])
    pairs = [(i, j) for i in range(len(names)) for j in range(i + 1, len(names))]
    pairs = data.draw(st.permutations(pairs))
    score = data.draw(st.lists(st.sampled_from([-1.0, 1.5, 2.0]), min_size=len(pairs), max_size=len(pairs)))
    count = data.draw(st.integers(1, len(pairs) + 1))
    first, second = (np.array(side, dtype=np.int32) for side in zip(*pairs, strict=True))
    kept = best_candidates(first, second, np.array(score, np.float32), count, alphabet)
    assert kept.tolist() == sorted(kept.tolist())

    def order(place: int) -> tuple[float, str, str]:
        one, other = sorted(names[gene] for gene in pairs[place])
        return -score[place], one + "|", other

    assert set(kept.tolist()) == set(sorted(range(len(pairs)), key=order)[:count])


@pytest.mark.parametrize("threads", [1, 2])
def test_a_pass_that_dropped_candidates_knows_it(threads: int) -> None:
    """Else it would take what it holds for the whole tail, and q would be wrong."""
    made = [examples.study("S", {"SEPTIC_SHOCK": 9, "SEPSIS": 8}, 60, 1)]
    prepared = prepare(made)
    given_problem = problem(prepared.layout, prepared.layout.variances("fisher"))

    def run(limit: int) -> Any:
        search = Search(least=1.0, start=0.5, limit=limit, tile=16, threads=threads)
        return screen(given_problem, search, lambda *_: pytest.fail("the kernel knows all of these pairs"))

    everything = run(10**6)
    assert everything.cut == 0.5
    ordered = np.sort(everything.score)[::-1]
    for limit in (1, 2, 17, 400, len(ordered) - 1):
        found = run(limit)
        assert len(found.score) == limit
        assert found.cut > ordered[limit]
        assert found.score.min() == ordered[limit - 1]
    assert run(len(ordered)).cut == 0.5
