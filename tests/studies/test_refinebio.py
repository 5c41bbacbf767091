"""What is read from aggregated_metadata.json, metadata_*.tsv and the list of filtered samples."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expressway.errors import InvalidMetadata
from expressway.studies import refinebio
from expressway.studies.hashes import metadata_hash
from expressway.studies.refinebio import complete, normalise_technology, parse_filtered, parse_metadata, parse_table

GOOD = {
    "aggregate_by": "EXPERIMENT",
    "created_at": "2024-01-02T03:04:05",
    "scale_by": "NONE",
    "quantile_normalized": True,
    "quant_sf_only": False,
    "ks_statistic": None,
    "ks_pvalue": 0.5,
    "ks_warning": "",
    "experiments": {
        "GSE1": {
            "accession_code": "GSE1",
            "title": " Sepsis ",
            "organisms": ["HOMO_SAPIENS", "MUS_MUSCULUS"],
            "technology": "RNA-Seq",
            "description": "",
            "pubmed_id": 123,
            "source_first_published": "2019-02-09T00:00:00",
            "sample_accession_codes": ["GSM2", "GSM1", "GSM9", "GSM2"],
        }
    },
    "samples": {
        "GSM1": {
            "refinebio_accession_code": "GSM1",
            "refinebio_title": "healthy 1",
            "refinebio_organism": "HOMO_SAPIENS",
            "refinebio_platform": "Illumina HiSeq 2500 (IlluminaHiSeq2500)",
            "refinebio_processed": True,
            "refinebio_processor_name": "Tximport",
            "refinebio_processor_version": "v1",
            "refinebio_treatment": "none",
            "refinebio_cell_line": "",
            "refinebio_specimen_part": "blood",
            "refinebio_subject": "p1",
            "refinebio_time": "d1",
            "refinebio_age": 53.0,
            "refinebio_sex": "female",
            "refinebio_annotations": [{"disease": ["Sepsis "]}],
        },
        "GSM2": {"refinebio_accession_code": "GSM2", "refinebio_organism": "HOMO_SAPIENS", "refinebio_age": 11.25},
    },
}


def parse(metadata: object) -> refinebio.Metadata:
    return parse_metadata(json.dumps(metadata).encode(), "aggregated_metadata.json")


def changed(path: str, value: object) -> dict:
    """GOOD with one value replaced, or removed when the value is ..."""
    metadata = copy.deepcopy(GOOD)
    *parents, last = path.split("/")
    place = metadata
    for key in parents:
        place = place[key]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return metadata


def test_study_and_samples_are_mapped():
    experiment = parse(GOOD).experiments["GSE1"]
    info = experiment.info
    assert (info.accession, info.title, info.organism, info.technology) == ("GSE1", "Sepsis", "HOMO_SAPIENS", "RNA-SEQ")
    assert (info.description, info.pubmed_id, info.source_last_modified) == (None, "123", None)
    assert info.source_first_published == "2019-02-09T00:00:00"
    assert info.platform_summary == "Illumina HiSeq 2500 (IlluminaHiSeq2500)"
    assert [sample.accession for sample in experiment.samples] == ["GSM2", "GSM1"]
    assert experiment.surplus_codes == 1
    sample = experiment.samples[1]
    assert (sample.title, sample.treatment, sample.tissue, sample.cell_line) == ("healthy 1", "none", "blood", None)
    assert (sample.subject, sample.time, sample.age, sample.sex) == ("p1", "d1", "53", "female")
    assert (sample.is_processed, sample.processor_name, sample.processor_version) == (True, "Tximport", "v1")
    assert sample.source == GOOD["samples"]["GSM1"]
    assert experiment.samples[0].age == "11.25"
    assert experiment.samples[0].is_processed is None


def test_flags_are_taken_verbatim():
    flags = parse(GOOD).flags
    assert flags.created_at == "2024-01-02T03:04:05"
    assert (flags.aggregate_by, flags.scale_by, flags.quantile_normalized) == ("EXPERIMENT", "NONE", True)
    assert (flags.ks_statistic, flags.ks_pvalue, flags.ks_warning) == (None, 0.5, None)


def test_flags_that_an_old_download_lacks_are_none():
    metadata = {key: GOOD[key] for key in ("experiments", "samples")}
    flags = parse(metadata).flags
    assert (flags.created_at, flags.aggregate_by, flags.quantile_normalized) == ("", None, None)


def test_not_a_number_is_missing():
    raw = json.dumps(changed("ks_statistic", float("nan"))).encode()
    assert b"NaN" in raw
    assert parse_metadata(raw, "x").flags.ks_statistic is None


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_other_encodings_of_json(encoding):
    raw = json.dumps(changed("experiments/GSE1/title", "Sépsis"), ensure_ascii=False).encode(encoding)
    assert parse_metadata(raw, "x").experiments["GSE1"].info.title == "Sépsis"


def test_text_that_databases_refuse_is_cleaned():
    raw = json.dumps(changed("experiments/GSE1/title", "a\u0000b \ud83d")).encode()
    experiment = parse_metadata(raw, "x").experiments["GSE1"]
    assert experiment.info.title == "ab ?"
    metadata_hash(experiment.info, experiment.samples)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b'{"experiments": {\n  "GSE1": ,}', ["not valid JSON", "line 2, column 11"]),
        (b"", ["not valid JSON", "line 1, column 1"]),
        (b"<html>", ["not valid JSON"]),
        (b"\xff\xfe\xff", ["not valid JSON"]),
        (b"[" * 100_000, ["not valid JSON"]),
        (b"[]", ["not an object"]),
        (b"{}", ['"experiments" is missing']),
        (b'{"experiments": {}}', ['"samples" is missing']),
        (b'{"experiments": {}, "samples": {}}', ["experiments is empty"]),
    ],
)
def test_a_file_that_cannot_be_understood(raw, words):
    with pytest.raises(InvalidMetadata) as caught:
        parse_metadata(raw, "the.json")
    assert "the.json" in caught.value.message
    for word in words:
        assert word in caught.value.message


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("experiments", [], "experiments is [], not an object"),
        ("samples", "none", 'samples is "none", not an object'),
        ("created_at", ["now"], "created_at"),
        ("aggregate_by", "GENE", 'aggregate_by is "GENE", not one of EXPERIMENT, SPECIES, ALL'),
        ("scale_by", "LOG", 'scale_by is "LOG", not one of NONE'),
        ("quantile_normalized", "yes", 'quantile_normalized is "yes", not true or false'),
        ("quant_sf_only", 1, "quant_sf_only is 1, not true or false"),
        ("ks_pvalue", "small", 'ks_pvalue is "small", not a number'),
        ("ks_pvalue", True, "ks_pvalue is true, not a number"),
    ],
)
def test_a_wrong_top_level(path, value, words):
    with pytest.raises(InvalidMetadata) as caught:
        parse(changed(path, value))
    assert words in caught.value.message


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("experiments/GSE1/accession_code", ..., 'study GSE1: the key "accession_code" is missing'),
        ("experiments/GSE1/sample_accession_codes", ..., 'study GSE1: the key "sample_accession_codes" is missing'),
        ("experiments/GSE1", "x", 'study GSE1 is "x", not an object'),
        ("experiments/GSE1/accession_code", 1, "accession_code is 1"),
        ("experiments/GSE1/accession_code", "GSE2", 'accession_code is "GSE2"'),
        ("experiments/GSE1/sample_accession_codes", "GSM1", "not a list of texts"),
        ("experiments/GSE1/sample_accession_codes", [1], "not a list of texts"),
        ("experiments/GSE1/sample_accession_codes", ["GSM7"], "none of its 1 samples is in the samples block"),
        ("experiments/GSE1/title", {"en": "x"}, "study GSE1: title is"),
        ("experiments/GSE1/organisms", "HOMO_SAPIENS", "organisms is not a list"),
        ("experiments/GSE1/technology", ["RNA-SEQ"], "technology is"),
        ("samples/GSM1", [], "sample GSM1 is [], not an object"),
        ("samples/GSM1/refinebio_title", ["x"], "sample GSM1: refinebio_title is"),
        ("samples/GSM1/refinebio_processed", "maybe", 'refinebio_processed is "maybe", not true or false'),
        ("samples/GSM1/refinebio_accession_code", "GSM5", 'sample GSM1 calls itself "GSM5"'),
    ],
)
def test_a_wrong_study_leaves_the_others(path, value, words):
    metadata = changed(path, value)
    metadata["samples"]["GSM4"] = {}
    metadata["experiments"]["SRP2"] = {"accession_code": "SRP2", "sample_accession_codes": ["GSM4"]}
    found = parse(metadata)
    assert set(found.broken) == {"GSE1"}
    assert words in found.broken["GSE1"].message
    assert found.experiments["SRP2"].info.technology == "OTHER"
    assert found.experiments["SRP2"].info.organism is None


@pytest.mark.parametrize("accession", ["GSE1", "SRP1", "ERP105501", "DRP3", "E-MTAB-1548", "E-GEOD-33", "ab-CDE-12"])
def test_accessions_of_public_archives(accession):
    metadata = {
        "experiments": {accession: {"accession_code": accession, "sample_accession_codes": ["s"]}},
        "samples": {"s": {}},
    }
    assert parse(metadata).experiments[accession].info.accession == accession


@pytest.mark.parametrize("accession", ["", "GSE", "GSE1x", "../GSE1", "PRJ1", "XRP1", "E-M-1", "GSE1\n"])
def test_what_is_no_accession(accession):
    metadata = {
        "experiments": {accession: {"accession_code": accession, "sample_accession_codes": ["s"]}},
        "samples": {"s": {}},
    }
    assert set(parse(metadata).broken) == {accession}


def test_the_organism_follows_the_samples_when_all_are_of_another():
    metadata = changed("experiments/GSE1/organisms", ["MUS_MUSCULUS", "HOMO_SAPIENS"])
    assert parse(metadata).experiments["GSE1"].info.organism == "HOMO_SAPIENS"


def test_samples_of_no_study_are_named():
    metadata = changed("experiments/GSE1/sample_accession_codes", ["GSM1"])
    assert parse(metadata).orphans == ("GSM2",)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("RNA-SEQ", "RNA-SEQ"),
        ("rna seq", "RNA-SEQ"),
        ("RNASeq", "RNA-SEQ"),
        ("Microarray", "MICROARRAY"),
        ("ATAC-SEQ", "OTHER"),
        ("", "OTHER"),
        (None, "OTHER"),
    ],
)
def test_technology(text, expected):
    assert normalise_technology(text) == expected


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_any_json_is_understood_or_refused(value):
    for metadata in (value, {"experiments": value, "samples": value}, {"experiments": {"GSE1": value}, "samples": {}}):
        try:
            parse(metadata)
        except InvalidMetadata as error:
            assert error.message


@given(st.sampled_from(["accession_code", "sample_accession_codes", "title", "organisms"]), st.integers() | st.text())
def test_any_value_in_a_study_breaks_at_most_that_study(key, value):
    found = parse(changed(f"experiments/GSE1/{key}", value))
    assert set(found.experiments) | set(found.broken) == {"GSE1"}


# metadata_*.tsv


def table(*lines: str, end: str = "\r\n") -> bytes:
    return ("refinebio_accession_code\texperiment_accession\t" + end.join(lines) + end).encode()


SAMPLES = parse(GOOD).experiments["GSE1"].samples


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_table_that_agrees_says_nothing(end):
    raw = table("refinebio_title\trefinebio_age\trefinebio_processed", "GSM1\tGSE1\thealthy 1\t53.000\tTrue",
                "GSM2\tGSE1\t\t11.250\t", end=end)  # fmt: skip
    samples, messages = complete(SAMPLES, parse_table(raw, "t"), "t")
    assert samples == SAMPLES
    assert messages == ()


def test_the_table_fills_gaps_and_the_json_rules():
    raw = table(
        "refinebio_title\trefinebio_sex\tMetaSRA_age\trefinebio_processed",
        "GSM1\tGSE1\tother title\tfemale\t53\tTrue",
        "GSM2\tGSE1\tfrom the table\tmale\t\tFalse",
    )
    (second, first), messages = complete(SAMPLES, parse_table(raw, "t.tsv"), "t.tsv")
    assert (first.title, first.source["MetaSRA_age"]) == ("healthy 1", "53")
    assert (second.title, second.sex, second.is_processed) == ("from the table", "male", False)
    assert [message.severity for message in messages] == ["WARNING"]
    assert "t.tsv: 1 values differ" in messages[0].details
    assert "GSM1 refinebio_title" in messages[0].details


def test_samples_that_only_one_side_has():
    raw = table("refinebio_title", "GSM1\tGSE1\thealthy 1", "GSM77\tGSE1\tx")
    samples, messages = complete(SAMPLES, parse_table(raw, "t"), "t")
    assert samples == SAMPLES
    assert [m.details for m in messages] == [
        "t: 1 samples of the JSON are missing from the TSV: GSM2",
        "t: 1 samples of the TSV are missing from the JSON: GSM77",
    ]
    assert len(complete(SAMPLES, parse_table(raw, "t"), "t", aggregate=True)[1]) == 1


def test_repeated_columns_and_short_lines():
    raw = table("age\tage\tnote", "GSM1\tGSE1\t\t7", "\t\t", "GSM2\tGSE1\t1\t2\t3\t4")
    rows = parse_table(raw, "t")
    assert rows["GSM1"] == {"refinebio_accession_code": "GSM1", "experiment_accession": "GSE1", "age": "7"}
    assert rows["GSM2"]["age"] == "1"
    assert set(rows) == {"GSM1", "GSM2"}


@pytest.mark.parametrize("raw", [b"", b"a\tb\n1\t2\n", "refinebio_accession_code\n\xe9".encode("latin-1")])
def test_a_table_that_is_none(raw):
    with pytest.raises(InvalidMetadata, match=r"t\.tsv"):
        parse_table(raw, "t.tsv")


# filtered samples


def test_filtered_samples_of_json_and_tsv():
    as_json = {"GSM7": {"reason": "broken", "experiment_accession_code": "GSE1"}, "GSM8": {"reason": "x"}}
    assert parse_filtered(json.dumps(as_json).encode(), "filtered_samples_metadata.json") == {
        "GSM7": "GSE1",
        "GSM8": None,
    }
    assert parse_filtered(table("reason", "GSM7\tGSE1\tbroken"), "filtered_samples_metadata.tsv") == {"GSM7": "GSE1"}
    with pytest.raises(InvalidMetadata):
        parse_filtered(b"[]", "filtered_samples_metadata.json")


# real downloads

REAL = {
    "metadata_only/SRP158491": (276, 60),
    "metadata_only/SRP201011": (72, 0),
    "metadata_only/SRP075806": (116, 7),
    "metadata_only/SRP125001": (60, 6),
    "metadata_only/ERP105501": (75, 0),
    "metadata_only/SRP018853": (80, 0),
    "SRP164913": (88, 18),
    "SRP070849": (19, 0),
}


@pytest.mark.parametrize(("folder", "expected"), REAL.items())
def test_real_metadata(data_dir: Path, folder: str, expected: tuple[int, int]):
    accession = Path(folder).name
    raw = (data_dir / folder / "aggregated_metadata.json").read_bytes()
    metadata = parse_metadata(raw, folder)
    assert set(metadata.experiments) == {accession}
    assert (metadata.broken, metadata.orphans) == ({}, ())
    experiment = metadata.experiments[accession]
    assert (len(experiment.samples), experiment.surplus_codes) == expected
    assert experiment.info.technology == "RNA-SEQ"
    assert experiment.info.organism in {"HOMO_SAPIENS", "MUS_MUSCULUS"}
    assert all(s.title and s.platform and s.organism and s.processor_name == "Tximport" for s in experiment.samples)
    assert all(s.is_processed is True and s.source["refinebio_title"] for s in experiment.samples)
    assert metadata.flags.created_at == json.loads(raw)["created_at"]

    name = f"metadata_{accession}.tsv"
    rows = parse_table((data_dir / folder / accession / name).read_bytes(), name)
    completed, messages = complete(experiment.samples, rows, name)
    assert messages == ()
    assert [sample.accession for sample in completed] == [sample.accession for sample in experiment.samples]


def test_real_columns_that_only_the_table_has(data_dir: Path):
    folder = data_dir / "metadata_only" / "ERP105501"
    experiment = parse_metadata((folder / "aggregated_metadata.json").read_bytes(), "j").experiments["ERP105501"]
    rows = parse_table((folder / "ERP105501" / "metadata_ERP105501.tsv").read_bytes(), "t")
    completed, _ = complete(experiment.samples, rows, "t")
    assert not any("MetaSRA_age" in sample.source for sample in experiment.samples)
    assert any("MetaSRA_age" in sample.source for sample in completed)


@pytest.mark.parametrize(("accession", "samples"), [("GSE44971", 58), ("GSE19578", 53)])
def test_real_tables_of_the_old_format(data_dir: Path, accession: str, samples: int):
    raw = (data_dir / "metadata_only" / accession / accession / f"metadata_{accession}.tsv").read_bytes()
    rows = parse_table(raw, accession)
    assert len(rows) == samples
    assert b"refinebio_developmental_stage" not in raw
    assert {record["refinebio_organism"] for record in rows.values()} == {"HOMO_SAPIENS"}
