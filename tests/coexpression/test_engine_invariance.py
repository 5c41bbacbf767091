"""Does the result depend on the data and the choices only, to the last byte?"""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from expressway.coexpression import CohortStudy, analyse, analysis
from expressway.coexpression.engine import screen
from tests.coexpression import examples, oracle
from tests.coexpression.examples import slice_of_studies, with_gaps

ROOT = Path(__file__).resolve().parents[2]
ROOMY, TIGHT = 300_000, 400
"""Candidates: all pairs; or so few that threads must drop some, and q comes from the histograms."""


def written(studies: list[CohortStudy], **settings: Any) -> bytes:
    target = io.BytesIO()
    analyse(studies, **({"keep": 150, "threads": 1} | settings)).pairs.write_parquet(target)
    return target.getvalue()


def shuffled(study: CohortStudy, seed: int, *, genes: bool, samples: bool) -> CohortStudy:
    rng = np.random.default_rng(seed)
    rows = rng.permutation(len(study.genes)) if genes else np.arange(len(study.genes))
    columns = rng.permutation(len(study.cohorts)) if samples else np.arange(len(study.cohorts))
    return CohortStudy(
        study.name,
        [study.genes[row] for row in rows],
        study.values[np.ix_(rows, columns)],
        [study.cohorts[column] for column in columns],
        study.technology,
        None if study.detected is None else study.detected[np.ix_(rows, columns)],
        value_scale=study.value_scale,
    )


@pytest.fixture(params=[ROOMY, TIGHT], ids=["all candidates", "few candidates"], autouse=True)
def candidates(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(analysis, "CANDIDATES", request.param)
    return int(request.param)


@pytest.mark.parametrize("gaps", [False, True], ids=["complete", "missing values"])
@pytest.mark.parametrize(("tile", "threads"), [(16, 1), (32, 2), (100, 3), (512, 4), (256, 4), (16, 4)])
def test_tiles_and_threads(tile: int, threads: int, gaps: bool) -> None:
    studies = with_gaps(slice_of_studies()) if gaps else slice_of_studies()
    assert written(studies, tile=tile, threads=threads) == written(studies)


def test_order_of_studies_genes_and_samples() -> None:
    for studies in (slice_of_studies(), with_gaps(slice_of_studies())):
        expected = written(studies)
        assert written(studies[::-1]) == expected
        assert written([shuffled(study, 1, genes=True, samples=False) for study in studies]) == expected
        assert written([shuffled(study, 2, genes=False, samples=True) for study in studies]) == expected


def test_counts_and_pictures_do_not_depend_on_tiles_and_threads() -> None:
    one = analyse(slice_of_studies(), keep=150, threads=1)
    other = analyse(slice_of_studies(), keep=150, threads=4, tile=16)
    assert one.counts == other.counts
    for name, picture in one.distributions.items():
        assert picture.equals(other.distributions[name]), name


def test_nothing_depends_on_what_a_monotone_transformation_changes() -> None:
    studies = slice_of_studies()
    cubed = [CohortStudy(s.name, s.genes, s.values**3, s.cohorts, s.technology, s.detected) for s in studies]
    one, other = (analyse(made, keep=150, threads=1).pairs for made in (studies, cubed))
    names = [name for name in one.columns if not name.startswith("expr_")]
    assert one.select(names).equals(other.select(names))


KILLED = """
import os, signal, sys
from pathlib import Path
from expressway.coexpression import analyse, analysis
from expressway.coexpression.engine import screen
from tests.coexpression.examples import slice_of_studies, with_gaps

analysis.CANDIDATES = int(sys.argv[2])
screen.SECONDS_BETWEEN_CHECKPOINTS = 0.0
checkpoint = Path(sys.argv[1])

def die(done, total):
    if checkpoint.exists() and done > total / 3:
        os.kill(os.getpid(), signal.SIGKILL)

studies = slice_of_studies()
if sys.argv[3] == "gaps":
    studies = with_gaps(studies)
analyse(studies, keep=150, threads=int(sys.argv[4]), tile=16, checkpoint=checkpoint, progress=die)
"""


def killed(checkpoint: Path, candidates: int, gaps: str, threads: int) -> None:
    """A run that is killed once a checkpoint is there."""
    command = [sys.executable, "-c", KILLED, str(checkpoint), str(candidates), gaps, str(threads)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == -signal.SIGKILL, run.stderr
    assert checkpoint.exists()


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is a thing of POSIX")
@pytest.mark.parametrize(
    ("candidates", "gaps", "threads"), [(ROOMY, "complete", 1), (TIGHT, "gaps", 2)], indirect=["candidates"]
)
def test_a_killed_run_goes_on_and_ends_with_the_same_bytes(
    tmp_path: Path, candidates: int, gaps: str, threads: int
) -> None:
    checkpoint = tmp_path / "state.npz"
    killed(checkpoint, candidates, gaps, threads)
    studies = with_gaps(slice_of_studies()) if gaps == "gaps" else slice_of_studies()
    steps: list[tuple[int, int]] = []
    again = written(studies, tile=16, threads=1, checkpoint=checkpoint, progress=lambda *at: steps.append(at))
    assert again == written(studies)
    total = steps[-1][1]
    assert steps[-1][0] == total
    assert steps[0][0] > 0  # it went on from what was done
    assert list(tmp_path.iterdir()) == []  # and left nothing behind


def test_a_checkpoint_that_is_damaged_or_of_another_run_is_ignored(
    tmp_path: Path, candidates: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(screen, "SECONDS_BETWEEN_CHECKPOINTS", 0.0)
    studies, checkpoint = slice_of_studies(), tmp_path / "state.npz"
    expected = written(studies)
    state = b""

    class Stopped(Exception):
        pass

    def stop(done: int, total: int) -> None:
        nonlocal state
        if checkpoint.exists() and done > total / 2:
            state = checkpoint.read_bytes()
            raise Stopped

    with pytest.raises(Stopped):
        written(studies, tile=16, checkpoint=checkpoint, progress=stop)
    array = io.BytesIO()
    np.save(array, np.arange(3))
    damaged = [b"", b"not a checkpoint", state[:-1], state[: len(state) // 2], array.getvalue()]
    for place in np.linspace(200, len(state) - 200, 12).astype(int):
        damaged.append(state[:place] + bytes([state[place] ^ 255]) + state[place + 1 :])
    for content in damaged:
        checkpoint.write_bytes(content)
        assert written(studies, tile=16, checkpoint=checkpoint) == expected
    for change in ({"tile": 32}, {"min_n": 6}, {"se_method": "fieller"}, {"tau2_method": "EE"}, {"keep": 140}):
        checkpoint.write_bytes(state)
        assert written(studies, **({"tile": 16} | change), checkpoint=checkpoint) == written(studies, **change)
    checkpoint.write_bytes(state)
    assert written(studies[:2], tile=16, checkpoint=checkpoint) == written(studies[:2])


def test_more_ties_than_candidates_that_can_be_held(candidates: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cohorts of four have 21 correlations at most: thousands of pairs tie for the last place."""
    if candidates == TIGHT:
        monkeypatch.setattr(analysis, "CANDIDATES", 100)
    made = [examples.study("S", {"SEPTIC_SHOCK": 4, "SEPSIS": 4}, [f"G{i}" for i in range(700)], 1)]
    settings: dict[str, Any] = {"keep": 50, "min_n": 4}
    found = analyse(made, **settings, threads=1, tile=16).pairs
    assert analyse(made, **settings, threads=3, tile=32).pairs.equals(found)
    reference = oracle.Oracle(made, min_n=4)
    _, places, p = reference.stored(50)
    assert (p["p_ss"] <= p["p_ss"].min() * (1 + 1e-12)).sum() > 2 * 100 + 16 * 16 + 1
    assert found["pair_uid"].to_list() == np.array(reference.uid(*reference.all_pairs()))[places].tolist()


def test_a_checkpoint_that_cannot_be_written_does_not_end_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(screen, "SECONDS_BETWEEN_CHECKPOINTS", 0.0)
    blocked = tmp_path / "file"
    blocked.write_text("in the way of a folder")
    studies = slice_of_studies()
    assert written(studies, tile=16, checkpoint=blocked / "state.npz") == written(studies)
