"""How much every pair of genes costs, against an assembled job and against what the machine can do at all.

    python benchmarks/pairs.py [--rounds 2] [--small 5000] [--large 20000]

Five studies of four cohorts of 20 to 100 samples. Every contestant runs in a process of its own, on one thread unless
said otherwise; what counts is processor seconds, the least of all rounds, and peak memory. Values are random, the time
to compile is reported apart, and all ratios are of figures from the same run.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from measuring import Taken, in_own_process
from numpy.typing import NDArray

Array = NDArray[np.float64]
LABELS = ("CONTROL", "NO_SEPSIS", "SEPSIS", "SEPTIC_SHOCK")
STUDIES = 5
KEEP = 100_000
FEW, MANY = 0.05, 0.55
"""Share of genes that move together in shock: in 0.25% and in 30% of the pairs."""
COMPARED = 1000
UNITS = {"cpu": "CPU-s", "seconds": "s", "peak_mib": "MiB"}


def cohort_sizes() -> NDArray[np.int64]:
    """Samples of the cohorts of every study, 20 to 100, (studies, labels)."""
    return np.random.default_rng(7).integers(20, 101, (STUDIES, len(LABELS)))


def write_values(folder: Path, genes: int, share: float = FEW) -> Path:
    """One matrix for each study; a share of the genes is correlated at 0.6 in septic shock and nowhere else."""
    folder.mkdir()
    moved = np.random.default_rng(genes).permutation(genes)[: round(share * genes)]
    for study, sizes in enumerate(cohort_sizes()):
        rng = np.random.default_rng([genes, study])
        values = rng.standard_normal((genes, sizes.sum()))
        shock = values[:, -sizes[-1] :]
        shock[moved] = np.sqrt(0.4) * shock[moved] + np.sqrt(0.6) * rng.standard_normal(sizes[-1])
        np.save(folder / f"study{study}.npy", values)
    return folder


def read_values(folder: Path) -> list[tuple[Array, NDArray[np.str_]]]:
    """Values and cohorts of every study."""
    matrices = [np.load(folder / f"study{study}.npy") for study in range(STUDIES)]
    return [(values, np.repeat(LABELS, sizes)) for values, sizes in zip(matrices, cohort_sizes(), strict=True)]


def _cohort_studies(folder: Path, genes: int | None = None) -> list[Any]:
    from expressway.coexpression import CohortStudy

    return [
        CohortStudy(
            f"S{number}", [f"G{gene:06d}" for gene in range(len(values))][:genes], values[:genes], list(cohorts)
        )
        for number, (values, cohorts) in enumerate(read_values(folder))
    ]


def engine(folder: Path, threads: int) -> dict[str, Any]:
    """`analyse`: nine families of q values, all 134 features of the best 100,000 pairs."""
    from expressway.coexpression import analyse

    analyse(_cohort_studies(folder, 100), threads=1)  # compiled functions are read, or compiled
    studies = _cohort_studies(folder)
    taken = Taken()
    result = analyse(studies, keep=KEEP, threads=threads)
    figures = taken.so_far()
    best = result.pairs.sort("combined_p_value", "pair_uid").head(COMPARED)
    named = best.select(pair="pair_uid", p="combined_p_value", q="q_combined").to_dict(as_series=False)
    return figures | {"best": named}


def compiling(folder: Path, threads: int) -> dict[str, Any]:
    """The first analysis of a process whose compiled functions are not on disk."""
    with tempfile.TemporaryDirectory() as cache:
        os.environ["NUMBA_CACHE_DIR"] = cache
        from expressway.coexpression import analyse

        studies = _cohort_studies(folder, 100)
        taken = Taken()
        analyse(studies, threads=threads)
        return taken.so_far()


def assembled(folder: Path, threads: int) -> dict[str, Any]:
    """SS, SOTH and both combined from what is at hand: ranks and BH of scipy, correlations and pooling of numpy."""
    from scipy.stats import false_discovery_control, norm, rankdata

    del threads  # those of the matrix product are set from outside, and nothing else here has any
    studies = read_values(folder)
    taken = Taken()
    genes = len(studies[0][0])
    upper = np.triu_indices(genes, 1)
    ss, soth, ss_variance, soth_variance = [], [], [], []
    for values, cohorts in studies:
        z: dict[str, Array] = {}
        weight: dict[str, float] = {}
        for label in LABELS:
            ranks = rankdata(values[:, cohorts == label], axis=1)
            n = ranks.shape[1]
            most = 1 - 6 / (n * (n * n - 1))
            z[label] = np.arctanh(np.clip(np.corrcoef(ranks)[upper], -most, most))
            weight[label] = n - 3.0
        shock = z.pop("SEPTIC_SHOCK")
        variance = 1 / weight.pop("SEPTIC_SHOCK")
        others = sum(weight.values())
        ss.append(shock - z["SEPSIS"])
        ss_variance.append(variance + 1 / weight["SEPSIS"])
        soth.append(shock - sum(weight[label] * z[label] for label in z) / others)
        soth_variance.append(variance + 1 / others)
    a, a_error = _dersimonian_laird(np.stack(ss), np.array(ss_variance))
    b, b_error = _dersimonian_laird(np.stack(soth), np.array(soth_variance))
    g, h = 1 / a_error**2, 1 / b_error**2
    rho = np.minimum(1, b_error / a_error)
    spread = g + h + 2 * rho * np.sqrt(g * h)
    scores = {"ss": a / a_error, "soth": b / b_error, "combined": (g * a + h * b) / np.sqrt(spread)}
    p = {name: 2 * norm.sf(np.abs(score)) for name, score in scores.items()}
    q = {name: false_discovery_control(values) for name, values in p.items()}
    figures = taken.so_far()
    best = np.argsort(p["combined"])[:COMPARED]
    pair = [f"G{one:06d}|G{other:06d}" for one, other in zip(upper[0][best], upper[1][best], strict=True)]
    return figures | {"best": {"pair": pair, "p": list(p["combined"][best]), "q": list(q["combined"][best])}}


def _dersimonian_laird(estimates: Array, variances: Array) -> tuple[Array, Array]:
    """Pooled estimates of (studies, pairs) and their standard errors; a study has one variance for all pairs."""
    w = 1 / variances
    mean = w @ estimates / w.sum()
    q = w @ (estimates - mean) ** 2
    tau2 = np.maximum(0, (q - (len(w) - 1)) / (w.sum() - (w**2).sum() / w.sum()))
    weights = 1 / (variances[:, None] + tau2)
    total = weights.sum(axis=0)
    return (weights * estimates).sum(axis=0) / total, 1 / np.sqrt(total)


def limit(folder: Path, threads: int) -> dict[str, Any]:
    """What no pass over all pairs can beat: its products at the speed of a large float32 product, and the rest."""
    from expressway.coexpression.analysis import _search, analyse, prepare
    from expressway.coexpression.engine import screen, tiles

    analyse(_cohort_studies(folder, 100), threads=1)  # compiled functions are read, or compiled
    prepared = prepare(_cohort_studies(folder))
    layout = prepared.layout
    search = _search(layout, prepared.choices, KEEP, 256, threads, None)
    given = tiles.problem(layout, layout.variances(prepared.choices.se_method))

    taken = Taken()
    screen.screen(given, search, lambda *_: (np.empty((9, 0)), 0))
    whole = taken.so_far()["cpu"]
    products = _products_alone(given)
    speed = _product_speed()
    flops = layout.expected_pairs() * 2 * int(layout.n.sum())
    figures = {"screen": whole, "products": products, "rest": whole - products, "flops": flops, "speed": speed}
    return taken.so_far() | figures | {"pairs": layout.expected_pairs()}


def _products_alone(given: Any) -> float:
    """Processor seconds of the dot products of all pairs, as tiles make them."""
    import numba

    from expressway.coexpression.engine import tiles

    lanes, together = tiles.LANES, tiles.TOGETHER
    lay_side_by_side, multiply = tiles.lay_side_by_side, tiles.multiply

    @numba.njit(nogil=True)
    def all_products(given: Any, end: int) -> None:
        panels = np.empty(((given.n + 1) // 2).sum() * lanes, np.int32)
        for column in range(0, end, lanes):
            room = (min(lanes, end - column) + 15) // 16 * 16
            products = np.empty((given.n.size, together, room), np.float32)
            lay_side_by_side(given, column, min(column + lanes, end), panels)
            bottom = min(end, column + lanes)
            for row in range(0, bottom, together):
                rows = (row, min(row + together, bottom))
                multiply(given, rows, max(0, row + 1 - column), panels, products)

    all_products(given, 0)
    taken = Taken()
    all_products(given, given.complete)
    return taken.so_far()["cpu"]


def _product_speed() -> float:
    """Floating-point operations in a processor second of a large single-precision product, the best of five."""
    side = 4096
    a, b = np.random.default_rng(1).standard_normal((2, side, side)).astype(np.float32)
    out = np.empty_like(a)
    np.matmul(a, b, out=out)
    seconds = []
    for _ in range(5):
        taken = Taken()
        np.matmul(a, b, out=out)
        seconds.append(taken.so_far()["cpu"])
    return 2 * side**3 / min(seconds)


CONTESTANTS: dict[str, Callable[[Path, int], dict[str, Any]]] = {
    "engine": engine,
    "assembled": assembled,
    "compiling": compiling,
    "limit": limit,
}


def race(names: list[str], folder: Path, rounds: int, threads: int = 1) -> dict[str, dict[str, Any]]:
    """The contestants in turn, `rounds` times: of each the round with the fewest processor seconds, the most memory."""
    results: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    for _ in range(rounds):
        for name in names:
            results[name].append(in_own_process(__file__, name, folder, threads, threads=threads))
    best = {}
    for name, runs in results.items():
        best[name] = min(runs, key=lambda run: run["cpu"]) | {"peak_mib": max(run["peak_mib"] for run in runs)}
        print(f"  {name:10}", "  ".join(f"{best[name][key]:8.2f} {unit}" for key, unit in UNITS.items()))
    return best


def compare(folder: Path, rounds: int) -> float:
    """The engine against the assembled job; returns the engine's processor seconds."""
    found = race(["engine", "assembled"], folder, rounds)
    ours, theirs = found["engine"], found["assembled"]
    print(f"processor seconds: {theirs['cpu'] / ours['cpu']:.1f} times fewer (wanted: >= 15, aim 30)")
    print(f"memory: {ours['peak_mib'] / theirs['peak_mib']:.3f} of it (wanted: <= 0.2)")
    assert ours["best"]["pair"] == theirs["best"]["pair"], "both must find the same pairs"
    apart = {
        name: max(abs(a / b - 1) for a, b in zip(ours["best"][name], theirs["best"][name], strict=True))
        for name in ("p", "q")
    }
    print(f"same {COMPARED} best pairs; p differs by {apart['p']:.0e} of its value, q by {apart['q']:.0e}")
    return float(ours["cpu"])


def stand(folder: Path, rounds: int) -> float:
    """The engine against its limit; returns the engine's processor seconds."""
    found = race(["engine", "limit"], folder, rounds)
    cpu, bound = found["engine"]["cpu"], found["limit"]
    products = bound["flops"] / bound["speed"]
    least = products + bound["rest"]
    each = {
        "products at full speed": products,
        "products in tiles": bound["products"],
        "all else in a tile": bound["rest"],
        "before and after": cpu - bound["screen"],
    }
    print("  ns of a pair: " + ", ".join(f"{name} {1e9 * t / bound['pairs']:.1f}" for name, t in each.items()))
    print(f"processor seconds: {cpu / least:.2f} times the limit of {least:.1f} (wanted: <= 2)")
    print(f"element-wise work / products in tiles: {bound['rest'] / bound['products']:.2f}", end="")
    print(" (grows several times where the compiler leaves vector code)")
    return float(cpu)


def main() -> None:
    """Write values, race, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", type=int, default=5_000)
    parser.add_argument("--large", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--only", nargs=3, metavar=("NAME", "FOLDER", "THREADS"))
    options = parser.parse_args()
    if options.only:
        name, folder, threads = options.only
        print(json.dumps(CONTESTANTS[name](Path(folder), int(threads))))
        return
    with tempfile.TemporaryDirectory() as holder:
        work = Path(holder)
        small = write_values(work / "small", options.small)
        print(f"{options.small:,} genes, {STUDIES} studies, {cohort_sizes().sum()} samples, {options.rounds} rounds")
        print(f"compiling, once for an installation: {race(['compiling'], small, 1)['compiling']['cpu']:.1f} CPU-s")
        few = compare(small, options.rounds)
        large = write_values(work / "large", options.large)
        print(f"{options.large:,} genes")
        many = stand(large, options.rounds)
        print(f"growth from {options.small:,} genes: {many / few:.1f} (wanted: <= 18 for four times the genes)")
        signal = write_values(work / "signal", options.large, MANY)
        threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        for what, folder in (("", large), (" and a signal in 30% of the pairs", signal)):
            print(f"{options.large:,} genes, {threads} threads{what}")
            peak = race(["engine"], folder, 1, threads)["engine"]["peak_mib"]
            print(f"peak memory {peak:.0f} MiB (wanted: <= 1536)")


if __name__ == "__main__":
    main()
