"""Profiles: every statistic against a plain computation, and what real studies give."""

from __future__ import annotations

import hashlib
import tempfile
import tracemalloc
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from expressway.errors import NoSpaceLeft
from expressway.studies import correlation, summary
from expressway.studies.containers import open_container
from expressway.studies.probes import clean_gene_id, probe_groups
from expressway.studies.profile import MatrixLayout, MatrixProfile, profile_matrix
from expressway.studies.spill import Spill
from tests.studies.profiles import PANEL, profile_at, profile_of, values_of

NAN = float("nan")


# --- statistics against plain computations -----------------------------------------------------------------------


def floor_of(values: np.ndarray) -> tuple[float, int]:
    present = values[~np.isnan(values)]
    ties = int((present == present.min()).sum()) if present.size else 0
    return (present.min(), ties) if ties >= 10 else (NAN, 0)


def agreement_of(matrix: np.ndarray) -> float:
    """Ranks at which the samples that have no tie there agree, one rank after the other."""
    missing = np.isnan(matrix).sum(axis=0)
    if len(set(missing.tolist())) > 1:
        return NAN
    columns = [sorted(column[~np.isnan(column)].tolist()) for column in matrix.T]
    agree = []
    for rank in range(len(columns[0])):
        untied = [column[rank] for column in columns if column.count(column[rank]) == 1]
        if len(untied) > 1:
            agree.append(max(untied) - min(untied) <= 1e-6 * max(map(abs, untied)))
    return float(np.mean(agree)) if agree else NAN


def duplicates_of(matrix: np.ndarray) -> int:
    floors = np.array([floor_of(column)[0] for column in matrix.T])
    kept = []
    for gene in matrix:
        present = gene[~np.isnan(gene)]
        if present.size and present.min() < present.max() and not np.array_equal(gene, floors):
            kept.append(tuple((gene + 0.0).tolist()))
    keys = [tuple("missing" if np.isnan(x) else x for x in gene) for gene in kept]
    return sum(keys.count(key) > 1 for key in keys)


def correlation_of(matrix: np.ndarray) -> np.ndarray:
    means = np.nanmean(matrix, axis=1)
    varying = np.nanmax(matrix, axis=1) > np.nanmin(matrix, axis=1)
    filled = np.where(np.isnan(matrix), means[:, None], matrix)[varying]
    r = np.corrcoef(filled.T)
    np.fill_diagonal(r, NAN)
    return np.nanmedian(r, axis=1)


SHARES = {"minimum": 0, "q25": 25, "median": 50, "q75": 75, "q99": 99, "q999": 99.9, "maximum": 100}


def check_statistics(profile: MatrixProfile, matrix: np.ndarray) -> None:
    columns = matrix.T
    present = [column[~np.isnan(column)] for column in columns]
    np.testing.assert_array_equal(profile.nulls, np.isnan(matrix).sum(axis=0))
    np.testing.assert_allclose(profile.sums, [c.sum() for c in present], rtol=1e-12, atol=1e-9)
    for name, share in SHARES.items():
        expected = [np.percentile(c, share) if c.size else NAN for c in present]
        np.testing.assert_allclose(getattr(profile, name), expected, rtol=1e-12, atol=1e-12, err_msg=name)
    np.testing.assert_array_equal(profile.zeros, [(c == 0).sum() for c in present])
    np.testing.assert_array_equal(profile.floor, [floor_of(c)[0] for c in columns])
    np.testing.assert_array_equal(profile.floor_count, [floor_of(c)[1] for c in columns])
    assert profile.negative_count == (matrix < 0).sum()
    cells = np.concatenate(present)
    np.testing.assert_equal(profile.integer_share, float(np.mean(cells == np.round(cells))) if cells.size else NAN)
    rows = [row[~np.isnan(row)] for row in matrix]
    np.testing.assert_allclose(profile.gene_means, [r.mean() if r.size else NAN for r in rows], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(
        profile.gene_sds, [r.std(ddof=1) if r.size > 1 else NAN for r in rows], rtol=1e-7, atol=1e-7
    )
    np.testing.assert_allclose(profile.sorted_agreement, agreement_of(matrix))
    assert profile.duplicate_vectors == duplicates_of(matrix)


shapes = st.tuples(st.integers(1, 30), st.integers(1, 6))
few_values = st.sampled_from([0.0, -0.0, 1.0, 2.0, 0.5, -1.5, 1e6, NAN])
many_values = st.floats(-1e6, 1e6, allow_subnormal=False).map(lambda x: round(x, 6))


@given(
    matrix=shapes.flatmap(lambda s: hnp.arrays(float, s, elements=few_values | many_values)), stripe=st.integers(1, 4)
)
def test_statistics(matrix: np.ndarray, stripe: int):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(summary, "_STRIPE_BYTES", stripe * 8 * len(matrix))
        with profile_of(matrix) as profile:
            np.testing.assert_array_equal(values_of(profile, 7), matrix)
            check_statistics(profile, matrix)


def test_statistics_of_a_larger_matrix(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(summary, "_STRIPE_BYTES", 3 * 8 * 3_000)
    rng = np.random.default_rng(20)
    matrix = np.round(rng.lognormal(3, 2, size=(3_000, 20)) * (rng.random((3_000, 20)) > 0.4), 3)
    matrix[10] = matrix[20] = matrix[30]
    matrix[40] = matrix[50] = 0.0
    with profile_of(matrix) as profile:
        check_statistics(profile, matrix)
        assert profile.duplicate_vectors == 3
        assert profile.sample_correlation.shape == (20,)
    matrix[rng.random(matrix.shape) < 0.05] = NAN
    with profile_of(matrix) as profile:
        check_statistics(profile, matrix)


@given(
    matrix=hnp.arrays(
        float, st.tuples(st.integers(4, 20), st.integers(3, 6)), elements=st.floats(0, 9).map(lambda x: round(x, 3))
    )
)
def test_sample_correlation(matrix: np.ndarray):
    assume((matrix.std(axis=0) > 0.1).all())
    filled = matrix[matrix.max(axis=1) > matrix.min(axis=1)]
    assume(len(filled) > 2 and (filled.std(axis=0) > 0.1).all())
    with profile_of(matrix) as profile:
        np.testing.assert_allclose(profile.sample_correlation, correlation_of(matrix), atol=1e-9)


def test_sample_correlation_finds_the_odd_one():
    rng = np.random.default_rng(5)
    matrix = rng.normal(8, 2, size=(5_000, 1)) + rng.normal(0, 0.3, size=(5_000, 12))
    matrix[:, 7] = rng.permutation(matrix[:, 7])
    with profile_of(matrix) as profile:
        assert np.argmin(profile.sample_correlation) == 7
        assert profile.sample_correlation[7] < 0.1
        assert np.median(profile.sample_correlation) > 0.9


def test_single_sample_and_single_gene():
    with profile_of([[1.0], [2.0], [5.0]]) as profile:
        assert np.isnan(profile.sample_correlation).all()
        assert np.isnan(profile.gene_sds).all()
        assert np.isnan(profile.sorted_agreement)
        assert profile.duplicate_vectors == 0
    with profile_of([[1.0, 2.0]]) as profile:
        assert np.isnan(profile.sample_correlation).all()
        assert profile.median.tolist() == [1.0, 2.0]


def test_agreement_of_quantile_normalised_columns_with_ties():
    rng = np.random.default_rng(8)
    target = np.sort(rng.lognormal(2, 1, 2_000))
    counts = rng.poisson(rng.lognormal(1, 2, size=(2_000, 1)), size=(2_000, 15)).astype(float)
    normalised = np.empty_like(counts)
    for sample, column in enumerate(counts.T):
        order = np.argsort(column, kind="stable")
        _, start, size = np.unique(column[order], return_index=True, return_counts=True)
        normalised[order, sample] = np.repeat(np.add.reduceat(target, start) / size, size)
    with profile_of(normalised) as profile:
        assert profile.sorted_agreement == 1.0
        assert (profile.floor_count > 100).all()
    with profile_of(normalised[::3]) as profile:
        assert profile.sorted_agreement < 0.5
    with profile_of(counts) as profile:
        assert profile.sorted_agreement < 0.5


def test_vectors_of_small_counts_are_told_apart():
    # Consecutive small integers in arithmetic patterns: the worst case for a sum of products.
    grid = np.array(np.meshgrid(*[range(4, 9)] * 5)).reshape(5, -1).T.astype(float)
    with profile_of(grid) as profile:
        assert profile.duplicate_vectors == 0
    with profile_of(np.concatenate([grid, grid[5:6]])) as profile:
        assert profile.duplicate_vectors == 2


# --- ids ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spelt", "clean"),
    [
        ("ENSG00000000003.15", "ENSG00000000003"),
        ("ENSG00000002586.20_PAR_Y", "ENSG00000002586_PAR_Y"),
        ("ENSG00000000003", "ENSG00000000003"),
        ("ENSMUSG00000000001.4", "ENSMUSG00000000001"),
        ("HLA-DRA.1", "HLA-DRA.1"),
        ("AC000.15", "AC000.15"),
        ("ENSA.1", "ENSA.1"),
    ],
)
def test_clean_gene_id(spelt: str, clean: str):
    assert clean_gene_id(spelt) == clean


def test_probe_groups():
    genes = ["X", "Y.1", "X.1", "Z", "X.2", "X.2.1", "Y.2", "ENSG1", "ENSG1.1_x", "1007_s_at", "W.a", "W"]
    assert probe_groups(genes) == {"X": ("X.1", "X.2", "X.2.1")}


PROBES = "Gene,S1,S2,S3\nX.1,1,NA,NA\nA,5,5.5,6\nX,3,4,NA\nB,0.1,0.2,0.3\nX.2,8,8,NA\nB.1,0.3,0.2,NA\n"


def probe_profile(folder: Path, text: str = PROBES, **options) -> MatrixProfile:
    path = folder / "m.tsv"
    path.write_text(text)
    return profile_matrix(open_container(path).members[0], layout=MatrixLayout(), **options)


def test_probes_are_averaged(tmp_path: Path):
    profile = probe_profile(tmp_path)
    assert profile.genes == ["X", "A", "B"]
    assert profile.rows_in_file == 6
    assert profile.probe_groups == {"X": ("X.1", "X.2"), "B": ("B.1",)}
    assert profile.duplicate_genes.count == 0
    np.testing.assert_array_equal(values_of(profile), [[4, 6, NAN], [5, 5.5, 6], [0.2, 0.2, 0.3]])
    check_statistics(profile, values_of(profile))
    profile.close()


@pytest.mark.parametrize(("rule", "count", "names"), [("keep", 0, ()), ("fail", 3, ("X.1", "X.2", "B.1"))])
def test_probes_are_kept(tmp_path: Path, rule, count: int, names: tuple[str, ...]):
    profile = probe_profile(tmp_path, duplicate_probes=rule)
    assert profile.genes == ["X.1", "A", "X", "B", "X.2", "B.1"]
    assert (profile.duplicate_genes.count, profile.duplicate_genes.names) == (count, names)
    profile.close()


def test_rows_of_one_name_are_reported_and_never_merged(tmp_path: Path):
    text = "Gene\tS1\tS1\nX\t1\t1\nX.1\t3\t3\nX\t5\t5\nENSG1.1\t1\t1\nENSG1.2\t2\t2\n"
    profile = probe_profile(tmp_path, text)
    assert profile.genes == ["X", "X", "ENSG1", "ENSG1"]
    assert values_of(profile)[:, 0].tolist() == [2, 5, 1, 2]
    assert (profile.duplicate_genes.count, profile.duplicate_genes.names) == (2, ("X", "ENSG1"))
    assert (profile.duplicate_samples.count, profile.duplicate_samples.names) == (1, ("S1",))
    profile.close()


def test_only_twenty_repeated_names_are_shown(tmp_path: Path):
    rows = "".join(f"G{i}\t1\n" for i in list(range(30)) * 3)
    profile = probe_profile(tmp_path, "Gene\tS1\n" + rows)
    assert profile.duplicate_genes.count == 60
    assert profile.duplicate_genes.names == tuple(f"G{i}" for i in range(20))
    profile.close()


@pytest.mark.parametrize(
    ("text", "layout", "hint"),
    [
        ("Gene\tGSM1\tGSM2\nENSG1\t1\t2\n", MatrixLayout(), None),
        ("id\tENSG1\tENSG2\nGSM1\t1\t2\nGSM2\t1\t2\n", MatrixLayout(), "--samples-as-rows"),
        ("Sample\tA\tB\nP1\t1\t2\n", MatrixLayout(), "--samples-as-rows"),
        ("Sample\tA\tB\nP1\t1\t2\n", MatrixLayout(samples_as_rows=True), None),
        ("Gene\tGSM1\tGSM2\nA\t1\t2\n", MatrixLayout(samples_as_rows=True), "--genes-as-rows"),
        ("Gene\tP1\tP2\nA\t1\t2\n", MatrixLayout(), None),
    ],
)
def test_layout_hint(tmp_path: Path, text: str, layout: MatrixLayout, hint: str | None):
    path = tmp_path / "m.tsv"
    path.write_text(text)
    with profile_at(path, layout) as profile:
        assert (hint is None and profile.layout_hint is None) or hint in profile.layout_hint


# --- the temporary file ------------------------------------------------------------------------------------------


@given(
    sizes=st.lists(st.integers(0, 4), min_size=1, max_size=6),
    samples=st.integers(1, 5),
    by_genes=st.booleans(),
    data=st.data(),
)
def test_spill_gives_back_what_it_got(sizes: list[int], samples: int, by_genes: bool, data: st.DataObject):
    width = samples if by_genes else 3
    shapes = [(width, size) if by_genes else (size, width) for size in sizes]
    arrays = [100.0 * i + np.arange(width * size).reshape(shapes[i]) for i, size in enumerate(sizes)]
    whole = np.concatenate(arrays, axis=1 if by_genes else 0)
    with Spill(width if by_genes else None) as spill:
        for array in arrays:
            spill.append(array)
        assert (spill.samples, spill.genes) == whole.shape
        genes, count = spill.genes, spill.samples
        size = data.draw(st.integers(1, genes + 2))
        with mock.patch("expressway.studies.spill._WIDE_CELLS", data.draw(st.integers(1, 40))):
            blocks = list(spill.blocks(size))
        assert [start for start, _ in blocks] == list(range(0, genes, size))
        assert all(block.flags.c_contiguous and len(block) == min(size, genes - start) for start, block in blocks)
        np.testing.assert_array_equal(np.concatenate([np.empty((0, count)), *(block for _, block in blocks)]), whole.T)
        for first, last in spill.stripes(data.draw(st.integers(1, 200))):
            np.testing.assert_array_equal(spill.columns(first, last), whole[first:last])
        if genes:
            indices = data.draw(st.lists(st.integers(0, genes - 1), max_size=5))
            np.testing.assert_array_equal(spill.rows(indices, 1), whole[:, indices].T.reshape(len(indices), count))


def test_full_disk(tmp_path: Path):
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full on this system")
    with Spill(2) as spill, Path("/dev/full").open("r+b", buffering=0) as full:
        spill._file = full
        with pytest.raises(NoSpaceLeft) as caught:
            spill.append(np.ones((2, 3)))
    assert caught.value.transient


def test_no_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "absent"))
    with pytest.raises(NoSpaceLeft):
        Spill(2)


def test_nothing_stays_in_the_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    profile = probe_profile(tmp_path)
    assert list(folder.iterdir()) == []
    profile.close()
    profile.close()


def test_blocks_are_given_as_often_as_asked():
    matrix = np.arange(28.0).reshape(7, 4)
    with profile_of(matrix) as profile:
        for size in (1, 3, 7, 100):
            blocks = list(profile.blocks(size))
            assert [start for start, _ in blocks] == list(range(0, 7, size))
            np.testing.assert_array_equal(np.concatenate([raw for _, raw in blocks]), matrix)


def test_progress_is_told(tmp_path: Path):
    path = tmp_path / "m.tsv"
    path.write_text("Gene\tS1\tS2\nA\t1\t2\nB\t3\t4\n")
    told: list[tuple[str, int, int]] = []
    member = open_container(path).members[0]
    profile_matrix(member, layout=MatrixLayout(), memory_limit=128, progress=lambda *what: told.append(what)).close()
    reading = [done for stage, done, total in told if stage == "reading" and total == member.size]
    assert reading == sorted(reading)
    assert reading[-1] == member.size
    assert told[-1] == ("statistics", 2, 2)


def peak_of(samples: int, folder: Path) -> int:
    """Peak of the memory that Python and numpy hold while a matrix of 10,000 genes is profiled."""
    path = folder / f"{samples}.tsv"
    row = "\t".join(f"{x:.2f}" for x in np.random.default_rng(1).lognormal(3, 2, samples))
    header = "\t".join(f"S{i}" for i in range(samples))
    path.write_text(f"Gene\t{header}\n" + "".join(f"G{i}\t{row}\n" for i in range(10_000)))
    member = open_container(path).members[0]
    tracemalloc.start()
    try:
        profile_matrix(member, layout=MatrixLayout(), memory_limit=2**26).close()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_cells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(summary, "_STRIPE_BYTES", 2**20)
    monkeypatch.setattr(correlation, "_GENES", 100)
    monkeypatch.setattr(correlation, "_STRIPE_BYTES", 2**20)
    small, large = peak_of(50, tmp_path), peak_of(300, tmp_path)
    # 250 samples more are 20 MB of values; a piece or two more may be parsed at once in one of them.
    assert large - small < 5_000_000


# --- real studies ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def real_download(data_dir: Path):
    with profile_at(data_dir / "SRP164913" / "SRP164913" / "SRP164913.tsv.gz") as profile:
        yield profile


def test_real_zip_folder_and_gzip_agree(data_dir: Path, real_download: MatrixProfile):
    for path, name in (("SRP164913.zip", "SRP164913/SRP164913.tsv"), ("SRP164913", "SRP164913.tsv.gz")):
        (member,) = [m for m in open_container(data_dir / "SRP164913" / path).members if m.name == name]
        profile = profile_matrix(member, layout=MatrixLayout(), memory_limit=2**27)
        assert profile.file_hash == real_download.file_hash
        assert profile.file_size == real_download.file_size == 72_693_526
        assert (profile.genes, profile.samples) == (real_download.genes, real_download.samples)
        for field in ("sums", "median", "floor", "floor_count", "sorted_agreement", "duplicate_vectors"):
            np.testing.assert_array_equal(getattr(profile, field), getattr(real_download, field), err_msg=field)
        profile.close()


def test_real_quantile_normalised_study(real_download: MatrixProfile):
    assert (len(real_download.genes), len(real_download.samples)) == (43_363, 88)
    assert real_download.sorted_agreement == 1.0
    assert real_download.floor.min() == pytest.approx(0.6196, abs=1e-4)
    assert real_download.floor_count.min() == 41_061
    assert real_download.nulls.sum() == real_download.negative_count == real_download.rejected_count == 0
    assert not real_download.probe_groups
    assert np.nanmedian(real_download.sample_correlation) > 0.5


def test_real_study_that_is_not_normalised(data_dir: Path):
    with profile_at(data_dir / "SRP070849" / "SRP070849" / "SRP070849.tsv.gz") as profile:
        assert profile.sorted_agreement == 0.0
        assert profile.maximum.max() == 2_125_949.5
        assert profile.floor.tolist() == [0.0] * 19
        np.testing.assert_array_equal(profile.floor_count, profile.zeros)
        assert 0.3 < profile.integer_share < 0.4
        check_statistics_of_samples(profile)


def check_statistics_of_samples(profile: MatrixProfile) -> None:
    matrix = values_of(profile, 10_000)
    np.testing.assert_allclose(profile.sums, matrix.sum(axis=0))
    np.testing.assert_allclose(profile.q999, np.percentile(matrix, 99.9, axis=0))
    np.testing.assert_allclose(profile.gene_sds, matrix.std(axis=1, ddof=1), rtol=1e-9)
    np.testing.assert_allclose(profile.gene_means, matrix.mean(axis=1))


def test_real_piece_of_a_normalised_study(data_dir: Path):
    with profile_at(data_dir / "SRP070849" / "qn_subset" / "top_90_var_genes.tsv.gz") as profile:
        assert 0.1 < profile.sorted_agreement < 0.3


def test_real_subset_of_samples(data_dir: Path, real_download: MatrixProfile):
    member = open_container(data_dir / "SRP164913" / "SRP164913" / "SRP164913.tsv.gz").members[0]
    keep = frozenset(real_download.samples[10:30])
    skip = frozenset(real_download.samples[25:40])
    profile = profile_matrix(member, layout=MatrixLayout(), keep=keep, skip=skip)
    assert profile.samples == real_download.samples[10:25]
    assert profile.all_columns == real_download.samples
    assert profile.file_hash == real_download.file_hash
    np.testing.assert_array_equal(profile.sums, real_download.sums[10:25])
    profile.close()


def test_real_panel_averages_its_probes(data_dir: Path):
    path = data_dir / "geo" / "GSE28750" / "sepsis_data_GSE28750.csv"
    header, first = (line.replace('"', "").split(",") for line in path.read_text().splitlines()[:2])
    cells = dict(zip(header[1:-1], map(float, first[1:-1]), strict=True))
    with profile_at(path, PANEL) as profile:
        assert profile.file_hash == hashlib.sha256(path.read_bytes()).hexdigest()
        assert (len(profile.genes), len(profile.samples), profile.rows_in_file) == (55, 30, 99)
        place = profile.genes.index("HMGB1")
        probes = [cells[name] for name in ("HMGB1", *profile.probe_groups["HMGB1"])]
        assert len(probes) > 1
        assert values_of(profile)[place, 0] == pytest.approx(np.mean(probes), rel=1e-12)
        check_statistics(profile, values_of(profile))
