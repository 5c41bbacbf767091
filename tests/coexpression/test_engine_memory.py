"""Does memory stay bounded, however many pairs there are?"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GENES, SLOTS = 4000, 12
MEASURE = """
import resource, sys
from expressway.coexpression import analyse
from tests.coexpression import examples

sizes = {"SEPTIC_SHOCK": 12, "SEPSIS": 10, "CONTROL": 8}
studies = [[examples.study(f"S{i}", sizes, genes, i) for i in range(3)] for genes in (20, int(sys.argv[1]))]
analyse(studies[0], threads=1, keep=1000)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
analyse(studies[1], threads=int(sys.argv[2]), keep=1000)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def growth(genes: int, threads: int) -> int:
    """Bytes by which the largest resident size grows in an analysis."""
    command = [sys.executable, "-c", MEASURE, str(genes), str(threads)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return int(run.stdout) * (1 if sys.platform == "darwin" else 1024)


@pytest.mark.skipif(sys.platform == "win32", reason="the largest resident size is a thing of POSIX")
def test_memory_is_far_below_one_number_for_each_two_genes_and_threads_cost_their_buffers() -> None:
    one, four = growth(GENES, 1), growth(GENES, 4)
    square = 8 * GENES * GENES
    assert one < 0.6 * square
    # What a thread holds: 12 bytes of each candidate, products of some rows, and the histograms up to the largest z^2,
    # which is 45 here, in nine families; twice that for what the allocator keeps.
    area = 256 * 512
    buffers = 12 * (2 * 300_000 + area) + 4 * SLOTS * area + 9 * 4 * 6250 * 45
    assert four - one < 2 * 3 * buffers


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="the largest resident size is a thing of POSIX")
def test_memory_does_not_grow_with_the_square_of_the_genes() -> None:
    assert growth(8000, 1) < 0.25 * 8 * 8000**2
