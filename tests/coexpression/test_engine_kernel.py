"""Is the float32 kernel as right as it says, and does it compile to vector code?"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import norm

from expressway.coexpression.analysis import Prepared, prepare
from expressway.coexpression.choices import Choices
from expressway.coexpression.engine import screen as screening
from expressway.coexpression.engine.falsediscovery import ROUNDING, counted_tail, log_q
from expressway.coexpression.engine.layout import LARGEST_EXACT
from expressway.coexpression.engine.operations import logarithm
from expressway.coexpression.engine.survivors import correlations
from expressway.coexpression.engine.tiles import BINS_PER_UNIT, problem
from expressway.coexpression.engine.weights import FAMILIES, fisher_z
from expressway.coexpression.metrics import z_statistics
from expressway.coexpression.stored import GUARD
from tests.coexpression import examples, oracle

ROOT = Path(__file__).resolve().parents[2]


def screened(prepared: Prepared, least: float = 1.0) -> screening.Screened:
    layout, choices = prepared.layout, prepared.choices
    search = screening.Search(
        least=least, start=-1.0, limit=10**6, fixed=choices.tau2_method == "EE", sample=1, tile=64, threads=1
    )
    return screening.screen(problem(layout, layout.variances(choices.se_method)), search, refused)


def refused(*_: Any) -> Any:
    raise AssertionError("the kernel knows all of these pairs")


def test_logarithm_is_right_to_a_bit_of_float32() -> None:
    numba = pytest.importorskip("numba")

    @numba.njit
    def logarithms(x: Any, out: Any) -> None:
        for i in range(x.size):
            out[i] = logarithm(x[i])

    x = np.concatenate([np.geomspace(1e-30, 1e30, 20_001), 1 + np.linspace(-1e-3, 1e-3, 20_001)]).astype(np.float32)
    found = np.empty_like(x)
    logarithms(x, found)
    right = np.log(x.astype(np.float64))
    assert np.abs(found - right).max() < 1e-5  # half a last place of 69 is 4e-6
    sure = right != 0
    assert np.abs(found[sure] / right[sure] - 1).max() < 1.3e-7


@pytest.mark.parametrize("n", [5, 20, 128, 369, 370, 900])
def test_fishers_z_of_float32(n: int) -> None:
    """Up to 369 samples the product N of ranks is exact; D + N, D - N and their quotient are each rounded once, which
    makes at most 1.2e-7 in z, and the logarithm adds 8e-8 of z. With more samples N and D themselves are rounded, and
    D - N of a correlation close to 1 keeps that error: 2^-23 / (1 - |r|), large only where z is so large that nothing
    depends on it."""
    largest = n * (n * n - 1) / 3
    products = (np.linspace(-1, 1, 4001) * largest).round()
    scale = np.ones(len(products), np.float32)
    found = np.empty_like(scale)
    fisher_z(products.astype(np.float32), scale, np.float32(largest), np.float32(2) / np.float32(largest), found)
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


ASSEMBLY = """
import json, re
from numba.core.dispatcher import Dispatcher
from expressway.coexpression import analyse
from expressway.coexpression.engine import tiles, weights
from tests.coexpression import examples

sizes = {"SEPTIC_SHOCK": 9, "SEPSIS": 8, "CONTROL": 7}
analyse([examples.study(f"S{i}", sizes, 20, i) for i in range(2)], threads=1)
counted = {}
for name, function in [*vars(weights).items(), ("search_tile", tiles.search_tile)]:
    if isinstance(function, Dispatcher) and function.signatures:
        code = "\\n".join(function.inspect_asm().values())
        counted[name] = {kind: len(re.findall(rf"\\bv\\w+p[sd]\\s.*%{kind}", code)) for kind in ("zmm", "ymm")}
print(json.dumps(counted))
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
    counted = json.loads(run.stdout)
    assert {"share", "add_weight", "search_tile"} <= set(counted)  # the last has the rows written out for LLVM
    widest = "zmm" if features.get("avx512f") else "ymm"
    without = [name for name, found in counted.items() if not found[widest]]
    assert without == [], counted
