"""Which units a matrix has, and what was looked at to tell."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from expressway.errors import InvalidSetting, NegativeValues
from expressway.studies.profile import MatrixProfile
from expressway.studies.study import DownloadFlags, StudyInfo, UnitDecision
from expressway.studies.units import UNIT_TAGS, check_domain, decide_units, library_sizes, samples_without_reads
from tests.studies.profiles import PANEL, profile_at, profile_of

RNA_SEQ = StudyInfo("SRP1", technology="RNA-SEQ")
ARRAY = StudyInfo("GSE1", technology="MICROARRAY")
OTHER = StudyInfo("X1")
NO_FLAGS = DownloadFlags()
QN = DownloadFlags(aggregate_by="EXPERIMENT", scale_by="NONE", quantile_normalized=True)
RAW = DownloadFlags(aggregate_by="EXPERIMENT", scale_by="NONE", quantile_normalized=False)

RNG = np.random.default_rng(11)
LOGS = RNG.normal(8, 2, (60, 6)).clip(0.5, 15)
COUNTS = RNG.poisson(40, (60, 6)).astype(float)
FRACTIONAL = np.where(RNG.random((60, 6)) < 0.3, 0, RNG.gamma(0.3, 20_000, (60, 6)))
INTENSITIES = RNG.lognormal(6, 1.5, (60, 6))


def quantile_normalised(samples: int = 6, genes: int = 80, floor_genes: int = 20) -> np.ndarray:
    """Columns with the same sorted values above a tied floor that differs between samples."""
    target = np.sort(RNG.gamma(2, 3, genes)) + 2
    columns = []
    for sample in range(samples):
        column = target.copy()
        column[:floor_genes] = 0.6 + sample / 100
        columns.append(RNG.permutation(column))
    return np.stack(columns, axis=1)


def decide(values: object, flags: DownloadFlags = NO_FLAGS, info: StudyInfo = RNA_SEQ, **given: str) -> UnitDecision:
    settings = {"declared": None, **given}
    with profile_of(values) as profile:
        return decide_units(profile, flags, info, **settings)


def step(decision: UnitDecision, name: str) -> dict:
    return next(dict(record) for record in decision.evidence if record["step"] == name)


@pytest.mark.parametrize("tag", UNIT_TAGS)
def test_declared_units_win_over_flags_and_values(tag):
    decision = decide(LOGS, QN, declared=tag.lower())
    assert decision.unit_tag == tag
    assert [record["step"] for record in decision.evidence][:2] == ["declared", "transform"]


@pytest.mark.parametrize(
    ("tag", "transform", "scale"),
    [
        ("COUNTS", "log2_cpm", "LOG2"),
        ("TPM", "log2", "LOG2"),
        ("CPM", "log2", "LOG2"),
        ("FPKM", "log2", "LOG2"),
        ("INTENSITY", "clip_log2", "LOG2"),
        ("ARRAY_LOG2", "none", "LOG2"),
        ("LOG2", "none", "LOG2"),
        ("QN_TARGET", "none", "QN"),
        ("SCALED", "none", "SCALED"),
    ],
)
def test_each_unit_has_its_transform_and_scale(tag, transform, scale):
    decision = decide(LOGS, declared=tag)
    assert (decision.transform, decision.value_scale) == (transform, scale)
    assert decision.deflooring == (tag == "QN_TARGET")
    assert decision.hold_reason is None


def test_the_setting_wins_over_units_named_by_the_source():
    flags = replace(NO_FLAGS, declared_units="fpkm")
    assert decide(LOGS, flags).unit_tag == "FPKM"
    assert step(decide(LOGS, flags), "declared")["declared_by"] == "source"
    assert decide(LOGS, flags, declared="TPM").unit_tag == "TPM"


@pytest.mark.parametrize("given", [{"declared": "RPKMs"}, {"declared": "UNKNOWN"}, {"declared_scaling": "LN"}])
def test_invalid_declarations_name_the_valid_ones(given):
    with pytest.raises(InvalidSetting) as caught:
        decide(LOGS, **given)
    assert caught.value.value in given.values()
    assert ("COUNTS, TPM" in str(caught.value)) == ("declared" in given)
    assert ("MINMAX, STANDARD" in str(caught.value)) == ("declared_scaling" in given)


@pytest.mark.parametrize(
    ("given", "tag", "transform"),
    [
        ({"declared": "COUNTS", "declared_scaling": "log2"}, "COUNTS", "unlog2_log2_cpm"),
        ({"declared": "TPM", "declared_scaling": "LOG2"}, "TPM", "none"),
        ({"declared": "TPM", "declared_scaling": "NONE"}, "TPM", "log2"),
        ({"declared": "TPM", "declared_scaling": "STANDARD"}, "SCALED", "none"),
        ({"declared_scaling": "LOG2"}, "LOG2", "none"),
        ({"declared_scaling": "ROBUST"}, "SCALED", "none"),
    ],
)
def test_declared_scaling(given, tag, transform):
    decision = decide(LOGS, **given)
    assert (decision.unit_tag, decision.transform) == (tag, transform)


@pytest.mark.parametrize(
    ("technology", "flags", "tag", "transform", "deflooring"),
    [
        ("RNA-SEQ", RAW, "COUNTS", "log2_cpm", False),
        ("RNA-SEQ", replace(RAW, aggregate_by="SPECIES"), "COUNTS", "unlog2_log2_cpm", False),
        ("RNA-SEQ", replace(RAW, aggregate_by="ALL"), "COUNTS", "unlog2_log2_cpm", False),
        ("RNA-SEQ", QN, "QN_TARGET", "none", True),
        ("RNA-SEQ", replace(QN, aggregate_by="SPECIES"), "QN_TARGET", "none", True),
        ("MICROARRAY", QN, "QN_TARGET", "none", False),
        ("MICROARRAY", RAW, "ARRAY_LOG2", "none", False),
        ("RNA-SEQ", replace(QN, scale_by="MINMAX"), "SCALED", "none", False),
        ("RNA-SEQ", replace(RAW, scale_by="STANDARD"), "SCALED", "none", False),
        ("MICROARRAY", replace(QN, scale_by="ROBUST"), "SCALED", "none", False),
    ],
)
def test_flags_of_the_download(technology, flags, tag, transform, deflooring):
    decision = decide(quantile_normalised(), flags, StudyInfo("S", technology=technology))
    assert (decision.unit_tag, decision.transform, decision.deflooring) == (tag, transform, deflooring)
    assert decision.contradiction is None


def test_declared_scaling_none_wins_over_the_flag():
    flags = replace(RAW, scale_by="MINMAX")
    assert decide(COUNTS, flags).unit_tag == "SCALED"
    assert decide(COUNTS, flags, declared_scaling="NONE").unit_tag == "COUNTS"


def test_quantile_normalisation_is_confirmed_by_equal_sorted_columns():
    decision = decide(quantile_normalised(), QN)
    assert "agree" in step(decision, "flags")["outcome"]
    floors = step(decision, "tied_floor")
    assert floors["samples_with_floor"] == 6
    assert (floors["smallest_floor"], floors["largest_floor"]) == (0.6, 0.65)
    assert floors["floor_cell_share"] == 0.25


def test_a_subset_of_a_normalised_matrix_is_accepted_with_a_note():
    subset = np.where(RNG.random((80, 6)) < 0.5, quantile_normalised() * 1.1, quantile_normalised())
    decision = decide(subset, QN)
    assert decision.unit_tag == "QN_TARGET"
    assert decision.contradiction is None
    assert "subset" in step(decision, "flags")["outcome"]


@pytest.mark.parametrize("values", [FRACTIONAL, COUNTS])
def test_counts_contradict_quantile_normalisation_unless_declared(values):
    decision = decide(values, QN)
    assert "sorted columns differ" in decision.contradiction
    assert decide(values, QN, declared="COUNTS").contradiction is None


def test_one_sample_cannot_confirm_normalisation_but_can_contradict_it():
    assert "on trust" in step(decide(LOGS[:, :1], QN), "flags")["outcome"]
    assert decide(FRACTIONAL[:, :1], QN).contradiction is not None


@pytest.mark.parametrize(
    ("flags", "given"),
    [(replace(RAW, aggregate_by="SPECIES"), {}), (NO_FLAGS, {"declared": "COUNTS", "declared_scaling": "LOG2"})],
)
def test_values_too_large_for_logarithms_of_counts_are_a_contradiction(flags, given):
    decision = decide(FRACTIONAL, flags, **given)
    assert "log2(x + 1) of counts" in decision.contradiction


@pytest.mark.parametrize(
    ("values", "info", "tag"),
    [
        (INTENSITIES, ARRAY, "INTENSITY"),
        (INTENSITIES, OTHER, "UNKNOWN"),
        (INTENSITIES - 60, OTHER, "INTENSITY"),
        (LOGS, ARRAY, "ARRAY_LOG2"),
        (LOGS - 8, ARRAY, "LOG2"),
        (COUNTS, RNA_SEQ, "COUNTS"),
        (COUNTS, OTHER, "UNKNOWN"),
        (FRACTIONAL, RNA_SEQ, "COUNTS"),
        (FRACTIONAL + 1, RNA_SEQ, "UNKNOWN"),
        (FRACTIONAL.clip(max=9_000), RNA_SEQ, "UNKNOWN"),
        (FRACTIONAL / FRACTIONAL.sum(axis=0) * 1.009e6, RNA_SEQ, "CPM"),
        (FRACTIONAL / FRACTIONAL.sum(axis=0) * 1.02e6, RNA_SEQ, "COUNTS"),
        (LOGS * 2.5, OTHER, "UNKNOWN"),
        (np.where(np.arange(60)[:, None] % 20 == 0, 28, LOGS), OTHER, "UNKNOWN"),
    ],
)
def test_units_found_from_values(values, info, tag):
    decision = decide(values, info=info)
    assert decision.unit_tag == tag
    assert (decision.hold_reason is not None) == (tag == "UNKNOWN")


def test_one_large_value_among_logs_does_not_hide_in_a_quantile():
    values = np.tile(LOGS, (50, 1))
    values[0, 0] = 31
    assert decide(values, info=OTHER).unit_tag == "UNKNOWN"
    values[0, 0] = 29
    assert decide(values, info=OTHER).unit_tag == "ARRAY_LOG2"


@pytest.mark.parametrize("ddof", [0, 1])
@pytest.mark.parametrize("samples", [3, 6])
def test_standardised_genes_are_scaled_whatever_the_denominator(ddof, samples):
    values = LOGS[:, :samples]
    values = (values - values.mean(axis=1, keepdims=True)) / values.std(axis=1, ddof=ddof, keepdims=True)
    assert decide(values).unit_tag == "SCALED"
    assert decide(values * 2).unit_tag == "LOG2"


@pytest.mark.parametrize(
    ("info", "tag"),
    [
        (replace(OTHER, description="Values are TPM."), "TPM"),
        (replace(OTHER, title="transcripts per million of blood"), "TPM"),
        (replace(OTHER, description="atpmx"), "CPM"),
        (OTHER, "CPM"),
    ],
)
def test_a_million_per_sample_is_tpm_when_the_study_says_so(info, tag):
    values = INTENSITIES / INTENSITIES.sum(axis=0) * 1e6
    assert decide(values, info=info).unit_tag == tag


def test_a_sample_without_values_does_not_hide_the_sums_of_the_others():
    values = INTENSITIES / INTENSITIES.sum(axis=0) * 1e6
    for empty in (0.0, np.nan):
        values[:, 2] = empty
        assert decide(values, info=OTHER).unit_tag == "CPM"


def test_geo2r_votes_on_intensities_without_deciding():
    decision = decide(INTENSITIES, info=ARRAY)
    assert step(decision, "intensity")["geo2r_vote"] == "linear"
    lonely = LOGS.copy()
    lonely[0, 0] = 101
    lonely[1:, 0] = 0
    lonely[1:, 1:] = np.where(lonely[1:, 1:] < 9, 0, lonely[1:, 1:])
    decision = decide(lonely, info=ARRAY)
    assert decision.unit_tag == "INTENSITY"
    assert step(decision, "intensity")["geo2r_vote"] == "log"
    assert "disagrees" in step(decision, "intensity")["outcome"]


def test_every_rule_asked_is_in_the_evidence_and_none_after_the_match():
    steps = [record["step"] for record in decide(LOGS, info=ARRAY).evidence]
    assert steps == [
        "declared",
        "flags",
        "intensity",
        "scaled",
        "negative",
        "column_sums",
        "counts",
        "array_log2",
        "transform",
    ]
    assert [record["step"] for record in decide(COUNTS).evidence][-2:] == ["counts", "transform"]


@pytest.mark.parametrize("values", [np.full((12, 3), np.nan), np.zeros((12, 3)), [[5.0]], [[np.nan, 1.0]]])
@pytest.mark.parametrize("flags", [NO_FLAGS, QN, RAW, replace(RAW, aggregate_by="SPECIES")])
@pytest.mark.parametrize("info", [RNA_SEQ, ARRAY])
def test_evidence_of_degenerate_matrices_is_json(values, flags, info):
    decision = decide(values, flags, info)
    assert json.loads(json.dumps(decision.evidence, allow_nan=False))


def test_kolmogorov_smirnov_never_gates():
    failed = replace(QN, ks_statistic=0.9, ks_pvalue=0.0, ks_warning="failed")
    values = quantile_normalised()
    assert decide(values, failed) == decide(values, QN)


@pytest.mark.parametrize("tag", ["COUNTS", "TPM", "CPM", "FPKM"])
def test_negative_values_are_refused_where_the_units_allow_none(tag):
    values = LOGS.copy()
    values[3, 2] = -0.25
    with profile_of(values) as profile:
        error = check_domain(profile, decide_units(profile, NO_FLAGS, RNA_SEQ, declared=tag))
        assert isinstance(error, NegativeValues)
        assert error.message.startswith("1 cells are below zero")
        assert "-0.25" in error.value
        for allowed in set(UNIT_TAGS) - {"COUNTS", "TPM", "CPM", "FPKM"}:
            assert check_domain(profile, decide_units(profile, NO_FLAGS, RNA_SEQ, declared=allowed)) is None


def test_negative_values_in_a_download_of_counts_are_refused():
    values = LOGS.copy()
    values[0, 0] = -1
    for flags in (RAW, replace(RAW, aggregate_by="SPECIES")):
        with profile_of(values) as profile:
            assert check_domain(profile, decide_units(profile, flags, RNA_SEQ, declared=None)) is not None


def test_library_sizes_are_counts_whatever_scale_the_file_is_on():
    sizes = []
    for values, aggregate_by in ((COUNTS, "EXPERIMENT"), (np.log2(COUNTS + 1), "SPECIES")):
        with profile_of(values) as profile:
            decision = decide_units(profile, replace(RAW, aggregate_by=aggregate_by), RNA_SEQ, declared=None)
            sizes.append(library_sizes(profile, decision))
    np.testing.assert_allclose(sizes[0], COUNTS.sum(axis=0), rtol=1e-12)
    np.testing.assert_allclose(sizes[1], COUNTS.sum(axis=0), rtol=1e-12)
    with profile_of(LOGS) as profile:
        assert library_sizes(profile, decide_units(profile, NO_FLAGS, ARRAY, declared=None)) is None


def test_samples_without_reads_are_named_in_the_evidence():
    values = COUNTS.copy()
    values[:, 1] = 0
    with profile_of(values) as profile:
        assert samples_without_reads(profile) == ["s1"]
        decision = decide_units(profile, RAW, RNA_SEQ, declared=None)
    assert step(decision, "transform")["samples_without_reads"] == ["s1"]


def test_a_real_normalised_download_passes_through_and_is_defloored(data_dir):
    with profile_at(data_dir / "SRP164913" / "SRP164913" / "SRP164913.tsv.gz") as profile:
        decision = decide_units(profile, QN, RNA_SEQ, declared=None)
    assert (decision.unit_tag, decision.value_scale, decision.transform) == ("QN_TARGET", "QN", "none")
    assert decision.deflooring
    assert decision.contradiction is None
    assert "sorted columns of the samples agree" in step(decision, "flags")["outcome"]
    floors = step(decision, "tied_floor")
    assert floors["samples_with_floor"] == 88
    assert floors["floor_cell_share"] == pytest.approx(0.982, abs=0.001)


def test_a_real_matrix_that_contradicts_its_metadata(data_dir):
    with profile_at(data_dir / "SRP070849" / "SRP070849" / "SRP070849.tsv.gz") as profile:
        decision = decide_units(profile, QN, RNA_SEQ, declared=None)
        declared = decide_units(profile, QN, RNA_SEQ, declared="COUNTS")
    assert "2.12595e+06" in decision.contradiction
    assert (declared.unit_tag, declared.transform, declared.contradiction) == ("COUNTS", "log2_cpm", None)


def test_a_real_subset_of_a_normalised_matrix(data_dir):
    with profile_at(data_dir / "SRP070849" / "qn_subset" / "top_90_var_genes.tsv.gz") as profile:
        decision = decide_units(profile, QN, RNA_SEQ, declared=None)
    assert (decision.unit_tag, decision.contradiction) == ("QN_TARGET", None)
    assert "subset" in step(decision, "flags")["outcome"]


def units_of_panel(profile: MatrixProfile, technology: str) -> str:
    return decide_units(profile, NO_FLAGS, StudyInfo("P", technology=technology), declared=None).unit_tag


PANELS = {
    "GSE100159/sepsis_dataGSE100159.csv": "ARRAY_LOG2",
    "GSE13015/sepsis_limma_6106.csv": "INTENSITY",
    "GSE13015/sepsis_limma_6947.csv": "INTENSITY",
    "GSE137342/sepsis_onlyD1_GSE137342_10558.csv": "ARRAY_LOG2",
    "GSE137342/sepsis_onlyD2_GSE137342_10558.csv": "ARRAY_LOG2",
    "GSE137342/septic_shockD1_GSE137342_10558.csv": "ARRAY_LOG2",
    "GSE137342/septic_shockD2_GSE137342_10558.csv": "ARRAY_LOG2",
    "GSE154918/sepsis_dataGSE154918.csv": "ARRAY_LOG2",
    "GSE154918/sepsis_shock_labeledGSE154918.csv": "ARRAY_LOG2",
    "GSE185263/sepsis_dataGSE185263.csv": "ARRAY_LOG2",
    "GSE236713/sepsis_D1_dataGSE236713.csv": "LOG2",
    "GSE236713/sepsis_D2_dataGSE236713.csv": "LOG2",
    "GSE236713/sepsis_D5_dataGSE236713.csv": "LOG2",
    "GSE243217/sepsis_dataGSE243217.csv": "ARRAY_LOG2",
    "GSE28750/sepsis_data_GSE28750.csv": "ARRAY_LOG2",
    "GSE32707/filtered_sepsD0_GSE32707.csv": "INTENSITY",
    "GSE32707/filtered_sepsD7_GSE32707.csv": "INTENSITY",
    "GSE54514/sepsis_D1_GSE54514.csv": "ARRAY_LOG2",
    "GSE54514/sepsis_diagnosis_dataGSE54514.csv": "ARRAY_LOG2",
    "GSE57065/sepsis_hr0_GSE57065.csv": "ARRAY_LOG2",
    "GSE57065/sepsis_hr24_GSE57065.csv": "ARRAY_LOG2",
    "GSE57065/sepsis_hr48_GSE57065.csv": "ARRAY_LOG2",
    "GSE60424/sepsis_Deseq_GSE60424.csv": "ARRAY_LOG2",
    "GSE63311/filtered_sepsis_vstGSE63311.csv": "ARRAY_LOG2",
    "GSE6535/sepsis_dataGSE6535.csv": "LOG2",
    "GSE9960/sepsis_dataGSE9960.csv": "ARRAY_LOG2",
}


@pytest.mark.parametrize("name", PANELS)
def test_units_of_real_panels(data_dir, name):
    with profile_at(data_dir / "geo" / name, PANEL) as profile:
        assert units_of_panel(profile, "MICROARRAY") == PANELS[name]


def test_linear_panel_of_unknown_technology_is_held(data_dir):
    with profile_at(data_dir / "geo" / "GSE32707" / "filtered_sepsD0_GSE32707.csv", PANEL) as profile:
        assert units_of_panel(profile, "OTHER") == "UNKNOWN"


@pytest.mark.parametrize("study", ["GSE28750", "GSE40012", "GSE66099"])
def test_units_of_real_gene_slices(data_dir, study):
    with profile_at(data_dir / "geo" / "COCONUT" / "converted" / f"{study}_genes.tsv") as profile:
        assert units_of_panel(profile, "MICROARRAY") == "ARRAY_LOG2"
