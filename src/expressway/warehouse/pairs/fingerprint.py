"""Whether the stored pairs of a slice are what its studies and settings give today."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from sqlalchemy import text

from expressway.errors import SettingsError
from expressway.settings import PairSettings
from expressway.warehouse.engines.base import Connection
from expressway.warehouse.ledger import as_json, versions
from expressway.warehouse.pairs.slice import Slice, resolve

REVISION = 2
"""Of the statistics: raised with every change after which the same studies and settings give other numbers."""
CURRENT = """
SELECT feature_run_id, settings_hash, genes, pairs_tested, pairs_stored FROM meta.feature_run
WHERE disease_key = :disease AND technology = :technology AND organism = :organism AND status <> 'REPLACED'
"""
POOLED_GENES = """
SELECT g.gene_id, a.gene_id FROM dim.dim_gene g JOIN dim.dim_gene a ON a.gene_key = g.analysis_gene_key
WHERE g.analysis_gene_key <> g.gene_key AND g.organism = :organism ORDER BY g.gene_key
"""


def fingerprint(connection: Connection, of: Slice, pairs: PairSettings) -> str:
    """SHA-256 of all that decides the result: batches, samples with labels, pooled gene ids, settings, versions."""
    digest = hashlib.sha256(as_json(_settings(pairs)).encode())
    digest.update(as_json([of.disease, of.technology, of.organism, versions()["expressway"], REVISION]).encode())
    for study in of.studies:
        labels = study.samples.select("sample_accession_code", "illness_label").rows()
        digest.update(as_json([study.accession, study.batch_id, study.technology, labels]).encode())
    pooled = connection.fetchall(text(POOLED_GENES).bindparams(organism=of.organism))
    digest.update(as_json([list(pair) for pair in pooled]).encode())
    return digest.hexdigest()


def _settings(pairs: PairSettings) -> dict[str, Any]:
    """The settings that decide the result; of files what is in them."""
    values = pairs.model_dump(mode="json", exclude={"threads"})
    genes = pairs.genes.removeprefix("file:") if pairs.genes.startswith("file:") else ""
    for name, path in (("genes", genes), ("contrasts", pairs.contrasts)):
        if Path(path).is_file():
            values[f"{name}_sha256"] = hashlib.sha256(Path(path).read_bytes()).hexdigest()
    return values


def status_now(connection: Connection, of: Slice, pairs: PairSettings, mark: str) -> str:
    """CURRENT where the studies still give this fingerprint, else STALE; with `pairs_lock` it holds till the commit."""
    subjects = pairs.one_sample_per_subject
    try:
        now = resolve(connection, of.disease, of.technology, of.organism, one_sample_per_subject=subjects)
    except SettingsError:  # no study of the slice is left
        return "STALE"
    return "CURRENT" if fingerprint(connection, now[0], pairs) == mark else "STALE"


def known_run(connection: Connection, of: Slice, mark: str) -> dict[str, Any] | None:
    """The run whose pairs are stored, if it has this fingerprint: feature_run_id, genes, pairs_tested, pairs_stored."""
    bound = {"disease": of.disease_key, "technology": of.technology, "organism": of.organism}
    rows = connection.dicts(text(CURRENT).bindparams(**bound))
    if not rows or rows[0]["settings_hash"] != mark:
        return None
    return {name: rows[0][name] for name in ("feature_run_id", "genes", "pairs_tested", "pairs_stored")}
