"""Hashes that identify a batch, and the keys of samples."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expressway.studies.hashes import batch_id, metadata_hash, settings_hash, warehouse_accession
from expressway.studies.study import Sample, StudyInfo

INFO = StudyInfo("GSE1", title="Sepsis in blood", organism="HOMO_SAPIENS")
SAMPLES = (Sample("GSM1", title="Kontrolle ä", source={"b": 1, "a": None}), Sample("GSM2", age="53"))


def test_batch_id_is_the_documented_sha256():
    joined = "ab" * 32 + "||SRP164913||2024-09-19T14:14:41||72693526"
    expected = hashlib.sha256(joined.encode()).hexdigest()
    assert batch_id("ab" * 32, "SRP164913", "2024-09-19T14:14:41", 72693526) == expected


def test_batch_id_without_a_creation_time_keeps_its_place():
    assert batch_id("f", "s", "", 1) == hashlib.sha256(b"f||s||||1").hexdigest()


@pytest.mark.parametrize("changed", [("g", "s", "c", 1), ("f", "t", "c", 1), ("f", "s", "d", 1), ("f", "s", "c", 2)])
def test_every_part_changes_the_batch_id(changed):
    assert batch_id(*changed) != batch_id("f", "s", "c", 1)


def test_metadata_hash_is_written_out_once():
    text = (
        '{"samples":["{\\"accession\\":\\"S\\",\\"age\\":null,\\"cell_line\\":null,\\"declared_illness\\":null,'
        '\\"exclude\\":false,\\"exclude_reason\\":null,\\"is_processed\\":null,\\"organism\\":null,\\"platform\\":null,'
        '\\"processor_name\\":null,\\"processor_version\\":null,\\"sex\\":null,\\"source\\":{\\"x\\":\\"é\\"},'
        '\\"subject\\":null,\\"time\\":null,\\"tissue\\":null,\\"title\\":null,\\"treatment\\":null}"],'
        '"study":{"accession":"A","description":null,"organism":null,"platform_summary":null,"pubmed_id":null,'
        '"source_first_published":null,"source_kind":"REFINEBIO","source_last_modified":null,"technology":"OTHER",'
        '"title":null}}'
    )
    found = metadata_hash(StudyInfo("A"), [Sample("S", source={"x": "é"})])
    assert found == hashlib.sha256(text.encode()).hexdigest()


@given(st.permutations([Sample(f"S{number}", source={"n": number}) for number in range(5)]))
def test_the_order_of_samples_does_not_matter(samples):
    assert metadata_hash(INFO, samples) == metadata_hash(INFO, sorted(samples, key=lambda sample: sample.accession))


def test_the_order_and_type_of_mappings_do_not_matter():
    other = replace(SAMPLES[0], source=MappingProxyType({"a": None, "b": 1}))
    assert metadata_hash(INFO, SAMPLES) == metadata_hash(INFO, (other, SAMPLES[1]))


@pytest.mark.parametrize(
    "change",
    [{"title": "x"}, {"declared_illness": "SEPSIS"}, {"exclude": True}, {"source": {"b": 1}}, {"accession": "GSM3"}],
)
def test_every_field_of_a_sample_changes_the_hash(change):
    assert metadata_hash(INFO, (replace(SAMPLES[0], **change), SAMPLES[1])) != metadata_hash(INFO, SAMPLES)


def test_a_field_of_the_study_and_a_missing_sample_change_the_hash():
    hashes = {
        metadata_hash(INFO, SAMPLES),
        metadata_hash(replace(INFO, title="y"), SAMPLES),
        metadata_hash(INFO, SAMPLES[:1]),
    }
    assert len(hashes) == 3


def test_settings_hash_sorts_keys_and_sets():
    first = {"units": "TPM", "skip": frozenset({"b", "a"}), "nested": {"x": 1, "y": (2, 3)}}
    second = {"nested": {"y": [2, 3], "x": 1}, "skip": {"a", "b"}, "units": "TPM"}
    assert settings_hash(first) == settings_hash(second)
    canonical = '{"nested":{"x":1,"y":[2,3]},"skip":["a","b"],"units":"TPM"}'
    assert settings_hash(first) == hashlib.sha256(canonical.encode()).hexdigest()


@pytest.mark.parametrize("sample", ["GSM712488", "SRR3189679", "ERR1", "DRR000001"])
def test_public_accessions_keep_their_name(sample):
    assert warehouse_accession("GSE1", sample) == sample


@pytest.mark.parametrize("sample", ["INFG_139", "GSM1.CEL", "xGSM1", "SRX12", "SAMN123", "SRS1", "GSM", "SRR12\n"])
def test_other_samples_belong_to_their_study(sample):
    assert warehouse_accession("GSE1", sample) == f"GSE1:{sample}"


def test_samples_of_a_refinebio_download_keep_their_name():
    assert warehouse_accession("E-MTAB-1", "E-MTAB-1-patient 3", "REFINEBIO") == "E-MTAB-1-patient 3"
