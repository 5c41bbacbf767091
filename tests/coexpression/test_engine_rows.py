"""Is the float32 kernel as right as it says, and does it compile to vector code?"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from scipy.stats import norm, rankdata

from expressway.coexpression.analysis import Prepared, prepare
from expressway.coexpression.choices import Choices
from expressway.coexpression.engine import screen as screening
from expressway.coexpression.engine import tiles
from expressway.coexpression.engine.cohort_rows import fisher_row, half_log_ratio
from expressway.coexpression.engine.falsediscovery import ROUNDING, counted_tail, log_q
from expressway.coexpression.engine.layout import even
from expressway.coexpression.engine.products import ROWS
from expressway.coexpression.engine.survivors import correlations
from expressway.coexpression.engine.tiles import BINS_PER_UNIT, problem
from expressway.coexpression.engine.vectors import WIDTH, Block, Table, index
from expressway.coexpression.engine.weights import FAMILIES
from expressway.coexpression.metrics import z_statistics
from expressway.coexpression.stored import GUARD
from expressway.coexpression.study import CohortStudy
from tests.coexpression import examples, oracle

LARGEST_EXACT = 369
"""Samples up to which float32 holds every dot product of ranks: n (n^2 - 1) / 3 < 2^24."""
ROOT = Path(__file__).resolve().parents[2]


def screened(prepared: Prepared, least: float = 1.0) -> screening.Screened:
    layout, choices = prepared.layout, prepared.choices
    search = screening.Search(
        least=least, start=-1.0, limit=10**6, fixed=choices.tau2_method == "EE", sample=1, tile=64, threads=1
    )
    return screening.screen(problem(layout, layout.variances(choices.se_method)), search, refused)


def refused(*_: Any) -> Any:
    raise AssertionError("the kernel knows all of these pairs")


@intrinsic
def half_log_ratios(_typing: Any, x: Any, out: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        given, found = (
            Table(context, builder, kind, value) for kind, value in zip(signature.args, values, strict=True)
        )
        block = Block(builder)
        with cgutils.for_range_slice(builder, index(0), given.columns, index(WIDTH), inc=True) as (at, _):
            a, b = (block.load(given, index(row), at) for row in (0, 1))
            block.save(half_log_ratio(block, a, b), found, index(0), at)
        return context.get_dummy_value()

    return types.void(x, out), generate


@numba.njit
def all_half_log_ratios(x: Any, out: Any) -> None:
    half_log_ratios(x, out)


def test_half_log_ratio_is_right_to_a_bit_of_float32() -> None:
    ratios = np.concatenate([np.geomspace(1e-6, 1e6, 20_000), 1 + np.linspace(-1e-3, 1e-3, 20_000)])
    b = np.random.default_rng(1).uniform(1, 2**20, len(ratios)).astype(np.float32)
    given = np.stack([(b * ratios).astype(np.float32), b])
    found = np.empty((1, len(ratios)), np.float32)
    all_half_log_ratios(given, found)
    right = np.log(given[0].astype(np.float64) / given[1]) / 2
    assert np.all(np.abs(found[0] - right) <= 1.2e-7 * np.maximum(np.abs(right), 0.25))


@pytest.mark.parametrize("n", [5, 6, 63, 64, 369, 370, 1861, 1862, 2500])
def test_products_of_ranks_are_exact_before_they_are_rounded(n: int) -> None:
    """Up to 1861 samples their sums fit into 32 bits; with more they are added up in parts."""
    rng = np.random.default_rng(n)
    values = rng.standard_normal((21, n))
    values[1] = -values[0]
    made = CohortStudy("A", [f"G{i:02d}" for i in range(21)], values, ["CONTROL"] * n)
    layout = prepare([made]).layout
    read = layout.offsets + even(layout.n) * (len(layout.genes) + ROWS - 1)
    assert read.max() <= len(layout.ranks)  # also the rows that come to nothing
    given = problem(layout, np.ones(4))
    slot = int(np.flatnonzero(given.n)[0])
    panels = np.empty(32 * ((n + 1) // 2), np.int32)
    tiles.lay_side_by_side(given, 3, 20, panels)
    products = np.full((4, tiles.TOGETHER, 32), np.nan, np.float32)
    tiles.multiply(given, (0, tiles.TOGETHER), 0, panels, products)
    ranks = rankdata(values, axis=1) * 2 - (n + 1)
    expected = (ranks[: tiles.TOGETHER] @ ranks[3:20].T).astype(np.float32)
    np.testing.assert_array_equal(products[slot, :, :17], expected)
    assert not products[slot, :, 17:].any()


@numba.njit
def one_row(products: Any, scale: Any, largest: Any, limits: Any, n: Any, lanes: int, z: Any) -> int:
    return fisher_row(products, 0, scale, 0, 0, largest, limits, n, 0, lanes, z)


@pytest.mark.parametrize("n", [5, 20, 128, 369, 370, 900])
def test_fishers_z_of_float32(n: int) -> None:
    """Up to 369 samples float32 holds the product N of ranks; D + N and D - N are each rounded once, that is by at most
    1.2e-7 in z, and half the logarithm of their ratio adds 1e-7 of z. With more samples N and D themselves are rounded,
    and D - N of a correlation close to 1 keeps that error: 2^-23 / (1 - |r|), large only where z is so large that
    nothing depends on it."""
    largest = n * (n * n - 1) / 3
    products = (np.linspace(-1, 1, 4001) * largest).round()
    lanes, room = len(products), len(products) + 2 * WIDTH
    padded = np.zeros((1, 1, room), np.float32)
    padded[0, 0, :lanes] = products
    scale, z = np.ones((1, room), np.float32), np.zeros((1, room), np.float32)
    limit = np.arctanh(1 - 2 / largest) * (1 - 1e-6)
    slot = [np.array([value], np.float32) for value in (largest, limit)]
    clipped = one_row(padded, scale, *slot, np.array([n]), lanes, z)
    found = z[0, :lanes]
    assert clipped == (np.abs(products / largest) >= 1 - 2 / largest).sum()
    r = np.clip(products / largest, -(1 - 2 / largest), 1 - 2 / largest)
    right = np.arctanh(r)
    allowed = 1.5e-7 + 1e-7 * np.abs(right)
    if n > LARGEST_EXACT:
        allowed += 2.0**-23 / (1 - np.abs(r))
        assert allowed[np.abs(r) < 0.99].max() < 2e-5
    assert np.all(np.abs(found - right) <= allowed)


CASES = [
    pytest.param({"signal": 0.0}, 15, {}, 1e-6, id="nulls"),
    pytest.param({"signal": 1.0}, 30, {}, 1e-6, id="signals"),
    pytest.param({"signal": 1.0, "digits": 0}, 12, {}, 2e-6, id="ties"),
    pytest.param({"signal": 3.0}, 200, {}, 4e-6, id="z up to 35, with much heterogeneity"),
    pytest.param({"signal": 3.0}, 200, {"tau2_method": "EE"}, 1e-6, id="z up to 35, equal effects"),
    pytest.param({"signal": 2.0}, 400, {"others": "pooled", "se_method": "fieller"}, 4e-6, id="beyond exact products"),
]


@pytest.mark.parametrize(("made", "n", "settings", "bound"), CASES)
def test_the_first_pass_is_right_to_a_millionth(
    made: dict[str, Any], n: int, settings: dict[str, Any], bound: float
) -> None:
    """|z| is a sum of a few float32 numbers over a root: its error is some 2^-24 of the terms. Q - (k - 1) cancels, but
    tau^2 only enters beside the variances, so that no more than 4e-6 of |z| comes of it; below |z| = 1 it is absolute.

    Everything downstream allows for 1e-5 (ranks in q) and 1e-4 (the guard band of the best pairs).
    """
    studies = [examples.study(f"S{i}", dict.fromkeys(examples.LABELS, n + i), 150, i, **made) for i in range(5)]
    prepared = prepare(studies, choices=Choices.of(settings))
    found = screened(prepared)
    layout = prepared.layout
    z = z_statistics(layout, correlations(layout, found.first, found.second, 5), prepared.choices)
    best = np.fmax.reduce(z[:3])
    error = np.abs(found.score - best) / np.maximum(best, 1.0)
    assert error.max() < bound
    assert bound <= ROUNDING
    assert bound <= GUARD
    usual = best < 8
    p, near = 2 * norm.sf(best[usual]), 2 * norm.sf(found.score[usual].astype(float))
    assert np.abs(near / p - 1).max(initial=0) < 1e-4  # 8 x 8e-6 at the most


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_counted_q_is_benjamini_and_hochbergs(share: float) -> None:
    """Histograms of all nine families against exact p of all pairs."""
    studies = [
        examples.study(f"S{i}", dict.fromkeys(examples.LABELS, 14 + i), 220, i, signal=share, modules=9)
        for i in range(4)
    ]
    prepared = prepare(studies)
    least = float(norm.isf(0.025))
    found = screened(prepared, least)
    reference = oracle.Oracle(studies)
    p = reference.statistics(*reference.all_pairs(), only_p=True)
    for number, family in enumerate(FAMILIES):
        exact = p[oracle.P_OF[family]]
        q = oracle.adjusted(exact, "BH")
        tail = counted_tail(found.histogram[number], int(found.counts[number]), least, 0.0)
        counted = np.exp(log_q(tail, norm.isf(exact / 2)))
        known = q < 0.05 * (1 - 2e-4)
        np.testing.assert_allclose(counted[known], q[known], rtol=1e-4, err_msg=family)
        assert np.isinf(counted[q > 0.05 * (1 + 2e-4)]).all()
        assert found.histogram[number].sum() == pytest.approx((exact < 0.05).sum(), abs=2)
        assert found.histogram.shape[1] <= 1500 * BINS_PER_UNIT


def test_strong_pairs_of_several_technologies_have_a_z() -> None:
    """Technologies are combined by fixed effect, whose z is normal; its p would be 0 here, and z from that infinite."""
    rng, n = np.random.default_rng(1), 300
    made = []
    for number in range(4):
        gene = rng.standard_normal(n)
        values = np.stack([gene, gene + 0.05 * rng.standard_normal(n)])
        made.append(CohortStudy(f"S{number}", ["X", "Y"], values, ["CONTROL"] * n, "AB"[number % 2]))
    prepared = prepare(made, by_technology=True, choices=Choices.of({"ci_method": "HK"}))
    found = correlations(prepared.layout, np.array([0]), np.array([1]), 5)
    z = z_statistics(prepared.layout, found, prepared.choices)[FAMILIES.index("control"), 0]
    assert 39 < z < np.inf


ASSEMBLY = """
import json, re
from numba.core.dispatcher import Dispatcher
from expressway.coexpression import analyse
from expressway.coexpression.engine import tiles, weights
from tests.coexpression import examples

sizes = {"SEPTIC_SHOCK": 9, "SEPSIS": 8, "CONTROL": 7}
analyse([examples.study(f"S{i}", sizes, 20, i) for i in range(2)], threads=1)
counted, whole = {}, {}
for name, function in [*vars(weights).items(), ("search_tile", tiles.search_tile)]:
    if isinstance(function, Dispatcher) and function.signatures:
        code = "\\n".join(function.inspect_asm().values())
        counted[name] = {kind: len(re.findall(rf"\\bv\\w+p[sd]\\s.*%{kind}", code)) for kind in ("zmm", "ymm")}
        whole[name] = len(re.findall(r"\\bvp(?:madd|dp)w", code))
print(json.dumps([counted, whole]))
"""


@pytest.mark.slow
@pytest.mark.skipif(platform.machine() not in {"x86_64", "AMD64"}, reason="reads the assembly of x86")
def test_every_loop_of_the_kernel_is_vector_code(tmp_path: Path) -> None:
    """LLVM falls back to scalar code without a word, three times slower. Compiled afresh: cached code has no text."""
    llvm = pytest.importorskip("llvmlite.binding")
    features = llvm.get_host_cpu_features()
    if not features.get("avx2"):
        pytest.skip("this processor has no vectors of eight float32")
    run = subprocess.run(
        [sys.executable, "-c", ASSEMBLY],
        cwd=ROOT,
        env=os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    counted, whole = json.loads(run.stdout)
    assert whole["search_tile"]  # ranks are multiplied two at a time
    assert {"share", "add_weight", "search_tile"} <= set(counted)  # the last has the rows written out for LLVM
    widest = "zmm" if features.get("avx512f") else "ymm"
    without = [name for name, found in counted.items() if not found[widest]]
    assert without == [], counted
