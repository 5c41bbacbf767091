"""Do the right studies and samples enter a slice, each sample once?"""

from __future__ import annotations

import polars as pl
import pytest

from expressway.errors import (
    DiseaseMapAmbiguous,
    DiseaseNotMapped,
    InvalidSetting,
    SettingsError,
    UnknownStudyOrDisease,
)
from expressway.warehouse.engines.base import Connection
from expressway.warehouse.pairs.slice import Slice, resolve
from expressway.warehouse.pairs.subjects import time_order
from tests.warehouse.pairs.rows import (
    change,
    describe,
    drop_map_index,
    map_study,
    mapped_study,
    share_sample,
)


def samples_of(slice_: Slice) -> dict[str, list[str]]:
    return {study.accession: study.samples["sample_accession_code"].to_list() for study in slice_.studies}


def said(slice_: Slice) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for message in slice_.messages:
        found.setdefault(message.code, []).append(message.details)
    return found


def test_a_study_enters_with_its_batch_and_its_labelled_samples(connection: Connection) -> None:
    mapped_study(connection, 1, ["SEPSIS", "CONTROL", "UNKNOWN", "SEPTIC_SHOCK", "SEPSIS", "NO_SEPSIS"])
    change(connection, "dim.study_sample", "sample_key = 105", exclude_from_analysis=True)
    change(connection, "meta.batch", "batch_key = 1", file_name="GSE1.tsv", unit_tag="COUNTS", container_hash="c" * 64)
    (found,) = resolve(connection, "sepsis")
    assert (found.disease, found.technology, found.organism) == ("SEPSIS", "RNA-SEQ", "HOMO_SAPIENS")
    (study,) = found.studies
    assert (study.study_key, study.accession, study.technology, study.value_scale) == (1, "GSE1", "RNA-SEQ", "LOG2")
    assert (study.batch_key, study.batch_id, study.file_name) == (1, f"{1:064d}", "GSE1.tsv")
    assert (study.unit_tag, study.file_hash, study.container_hash) == ("COUNTS", "h" * 64, "c" * 64)
    assert study.samples.columns == ["sample_key", "sample_accession_code", "illness_label", "subject", "time"]
    assert study.samples["sample_key"].to_list() == [101, 102, 104, 106]
    assert study.cohorts == {"CONTROL": 1, "NO_SEPSIS": 1, "SEPSIS": 1, "SEPTIC_SHOCK": 1}
    assert (study.notes, found.messages, found.left_out) == ((), (), ())


def test_technologies_and_organisms_are_never_mixed(connection: Connection) -> None:
    mapped_study(connection, 1)
    mapped_study(connection, 2, technology="MICROARRAY")
    mapped_study(connection, 3, technology="MICROARRAY")
    mapped_study(connection, 4, technology="MICROARRAY", organism="MUS_MUSCULUS")
    names = {(one.technology, one.organism): list(samples_of(one)) for one in resolve(connection, "SEPSIS")}
    assert names == {
        ("MICROARRAY", "HOMO_SAPIENS"): ["GSE2", "GSE3"],
        ("MICROARRAY", "MUS_MUSCULUS"): ["GSE4"],
        ("RNA-SEQ", "HOMO_SAPIENS"): ["GSE1"],
    }
    assert [list(samples_of(one)) for one in resolve(connection, "SEPSIS", "rna-seq")] == [["GSE1"]]
    assert [list(samples_of(one)) for one in resolve(connection, "SEPSIS", organism="mouse")] == [["GSE4"]]
    (everything,) = resolve(connection, "SEPSIS", "ALL", "Homo sapiens")
    assert everything.technology == "ALL"
    assert {study.accession: study.technology for study in everything.studies} == {
        "GSE1": "RNA-SEQ",
        "GSE2": "MICROARRAY",
        "GSE3": "MICROARRAY",
    }


@pytest.mark.parametrize(
    ("asked", "hint"),
    [
        ({"technology": "OTHER"}, "There is MICROARRAY (2 studies), RNA-SEQ (1 study), or ALL."),
        ({"organism": "Danio rerio"}, "There is HOMO_SAPIENS (3 studies)."),
        ({"technology": "RNA-SEQ", "organism": "mouse"}, "There is HOMO_SAPIENS (1 study)."),
        ({"one_sample_per_subject": "latest"}, "`earliest` takes the first of each subject; leave it out to take all."),
    ],
)
def test_what_no_study_has_is_refused_with_what_there_is(
    connection: Connection, asked: dict[str, str], hint: str
) -> None:
    mapped_study(connection, 1)
    mapped_study(connection, 2, technology="MICROARRAY")
    mapped_study(connection, 3, technology="MICROARRAY")
    with pytest.raises(InvalidSetting) as raised:
        resolve(connection, "SEPSIS", **asked)  # type: ignore[arg-type]
    assert raised.value.hint == hint


def test_studies_on_hold_or_without_units_stay_out(connection: Connection) -> None:
    mapped_study(connection, 1, status="HELD")
    change(connection, "dim.dim_study", "study_key = 1", hold_reason="too few labels")
    mapped_study(connection, 2, scale="UNKNOWN")
    mapped_study(connection, 3, scale="SCALED")
    mapped_study(connection, 4, ["UNKNOWN"])
    mapped_study(connection, 5)
    change(connection, "meta.batch", "batch_key = 5", is_current=False)
    mapped_study(connection, 6, technology="MICROARRAY", scale="UNKNOWN")
    (found,) = resolve(connection, "SEPSIS")
    assert list(samples_of(found)) == ["GSE3"]
    assert dict(found.left_out) == {
        "GSE1": "it is on hold: too few labels",
        "GSE2": "the units of its values are unknown",
        "GSE4": "no sample of it is left to count: none has a label, or all are excluded",
        "GSE5": "it is not loaded",
        "GSE6": "the units of its values are unknown",
    }
    assert sorted(said(found)["STUDY_LEFT_OUT"]) == [f"{name}: {why}" for name, why in sorted(found.left_out)]


def test_nothing_that_can_be_analysed_is_refused_with_the_reasons(connection: Connection) -> None:
    mapped_study(connection, 1, scale="UNKNOWN")
    mapped_study(connection, 2, status="HELD", technology="MICROARRAY")
    with pytest.raises(InvalidSetting, match="GSE1: the units of its values are unknown") as raised:
        resolve(connection, "SEPSIS")
    assert "GSE2: it is on hold: no reason is given" in raised.value.message


def logged(connection: Connection) -> list[tuple[object, ...]]:
    return connection.fetchall(
        "SELECT run_id, study_key, validation_code, severity, details FROM meta.meta_data_validation_log"
    )


def test_a_disease_without_studies_is_refused_and_logged(connection: Connection) -> None:
    mapped_study(connection, 1)
    map_study(connection, 1, "SEPTIC_SHOCK", active=False)
    with pytest.raises(DiseaseNotMapped) as raised:
        resolve(connection, "septic_shock")
    assert (raised.value.code, raised.value.value) == (54001, "SEPTIC_SHOCK")
    assert "`expressway studies map STUDY --disease SEPTIC_SHOCK`" in raised.value.hint
    assert logged(connection) == []
    with pytest.raises(DiseaseNotMapped):
        resolve(connection, "septic_shock", run_id="run")
    assert logged(connection) == [
        ("run", None, "54001", "ERROR", "DISEASE_MAP_MISSING: no study is mapped to SEPTIC_SHOCK")
    ]


@pytest.mark.parametrize("second", ["SEPTIC_SHOCK", "SEPSIS"])
def test_two_active_mappings_are_refused_and_logged(connection: Connection, second: str) -> None:
    mapped_study(connection, 1)
    mapped_study(connection, 2)
    drop_map_index(connection)
    map_study(connection, 2, second)
    with pytest.raises(DiseaseMapAmbiguous, match="GSE2 has 2 active disease mappings: SEPSIS, SEP") as raised:
        resolve(connection, "SEPSIS", run_id="run")
    assert (raised.value.code, raised.value.value) == (54002, "GSE2")
    ((_, key, code, severity, _),) = logged(connection)
    assert (key, code, severity) == (2, "54002", "ERROR")


def test_another_disease_with_two_mappings_disturbs_nobody(connection: Connection) -> None:
    mapped_study(connection, 1)
    mapped_study(connection, 2)
    drop_map_index(connection)
    change(connection, "dim.study_disease_map", "study_key = 2", disease_key=3)
    map_study(connection, 2, "SEPTIC_SHOCK")
    assert [list(samples_of(one)) for one in resolve(connection, "SEPSIS")] == [["GSE1"]]


def test_an_unknown_disease_is_refused(connection: Connection) -> None:
    with pytest.raises(UnknownStudyOrDisease, match="no disease GOUT") as raised:
        resolve(connection, "GOUT")
    assert isinstance(raised.value, SettingsError)
    assert raised.value.code == 54003


def test_a_sample_counts_in_the_largest_study_only(connection: Connection) -> None:
    mapped_study(connection, 1, ["SEPSIS", "CONTROL"])
    mapped_study(connection, 2, ["SEPSIS", "SEPSIS", "CONTROL"])
    mapped_study(connection, 3, ["CONTROL", "UNKNOWN", "UNKNOWN", "UNKNOWN", "UNKNOWN"])
    for sample in (101, 102):
        share_sample(connection, 2, sample)
    share_sample(connection, 3, 101, "CONTROL")
    (found,) = resolve(connection, "SEPSIS")
    assert samples_of(found) == {"GSE2": ["GSM101", "GSM102", "GSM201", "GSM202", "GSM203"], "GSE3": ["GSM301"]}
    assert dict(found.left_out) == {"GSE1": "no sample of it is left to count: 2 samples counted in GSE2"}
    assert said(found)["SAMPLE_OVERLAP"] == [
        "2 samples of GSE1 counted only in GSE2, which has more: GSM101, GSM102",
        "1 sample of GSE3 counted only in GSE2, which has more: GSM101",
    ]
    assert found.studies[1].notes == ("1 sample counted in GSE2",)


def test_equally_large_studies_keep_samples_by_accession(connection: Connection) -> None:
    mapped_study(connection, 2, ["SEPSIS", "CONTROL"])
    mapped_study(connection, 1, ["SEPSIS"])
    share_sample(connection, 1, 202)
    (found,) = resolve(connection, "SEPSIS")
    assert samples_of(found) == {"GSE1": ["GSM101", "GSM202"], "GSE2": ["GSM201"]}
    assert said(found)["SAMPLE_OVERLAP"] == ["1 sample of GSE2 counted only in GSE1, which has as many: GSM202"]


def test_samples_of_different_slices_do_not_overlap(connection: Connection) -> None:
    mapped_study(connection, 1, ["SEPSIS"])
    mapped_study(connection, 2, ["SEPSIS", "CONTROL"], technology="MICROARRAY")
    share_sample(connection, 2, 101)
    apart = resolve(connection, "SEPSIS")
    assert [samples_of(one) for one in apart] == [{"GSE2": ["GSM101", "GSM201", "GSM202"]}, {"GSE1": ["GSM101"]}]
    (together,) = resolve(connection, "SEPSIS", "ALL")
    assert samples_of(together) == {"GSE2": ["GSM101", "GSM201", "GSM202"]}


def test_one_sample_of_each_subject_the_earliest(connection: Connection) -> None:
    mapped_study(connection, 1, ["SEPSIS"] * 9)
    describe(
        connection,
        {
            101: ("p1", "day 10"),
            102: ("p1", "day 2"),
            103: ("p2", None),
            104: ("p2", "D3"),
            105: ("p3", "later"),
            106: ("p3", "later"),
            107: (None, "0h"),
            108: ("", "1h"),
            109: ("p4", "T1"),
        },
    )
    (every,) = resolve(connection, "SEPSIS")
    assert every.studies[0].samples.height == 9
    (warning,) = said(every)["REPEATED_SUBJECTS"]
    assert warning.startswith("GSE1: 3 subjects with 6 samples, e.g. p1: GSM101, GSM102; one_sample_per_subject")
    (one_each,) = resolve(connection, "SEPSIS", one_sample_per_subject="earliest")
    kept = one_each.studies[0].samples["sample_key"].to_list()
    assert kept == [102, 104, 105, 107, 108, 109]
    assert one_each.studies[0].notes == ("3 later samples of 3 subjects left out, the earliest of each kept",)
    assert [message.severity for message in one_each.messages] == ["INFO"]


def test_a_subject_is_chosen_before_the_overlap(connection: Connection) -> None:
    """Else the smaller study would bring the subject in again with a later sample."""
    mapped_study(connection, 1, ["SEPSIS"] * 5)
    mapped_study(connection, 2, ["SEPSIS"] * 3)
    share_sample(connection, 2, 101)
    describe(connection, {101: ("p1", "day 1"), 201: ("p1", "day 3")})
    (found,) = resolve(connection, "SEPSIS", one_sample_per_subject="earliest")
    assert samples_of(found)["GSE2"] == ["GSM202", "GSM203"]


def test_what_names_the_tissue_names_no_subject(connection: Connection) -> None:
    mapped_study(connection, 1, ["SEPSIS"] * 4)
    describe(connection, dict.fromkeys((101, 102, 103, 104), ("whole blood", "day 1")))
    (found,) = resolve(connection, "SEPSIS", one_sample_per_subject="earliest")
    assert found.studies[0].samples.height == 4
    assert found.messages == ()


def test_times_sort_by_their_first_number() -> None:
    times = ["day 10", "day 2", "0h", "T1", None, "D3", "baseline", "1.5 d", "day -1", "T-2"]
    ordered = sorted(times, key=lambda time: (time_order(time), time or ""))
    assert ordered == ["day -1", "0h", "T1", "1.5 d", "T-2", "day 2", "D3", "day 10", None, "baseline"]


def test_samples_come_in_the_order_of_their_accessions(connection: Connection) -> None:
    mapped_study(connection, 1, ["SEPSIS"] * 3)
    change(connection, "dim.dim_sample", "sample_key = 103", sample_accession_code="GSM001")
    (found,) = resolve(connection, "SEPSIS")
    assert found.studies[0].samples["sample_key"].to_list() == [103, 101, 102]
    assert found.studies[0].samples.schema["sample_key"] == pl.Int32
