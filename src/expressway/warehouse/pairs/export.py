"""Stored pairs out of the warehouse: Parquet, CSV, AnnData, each with a manifest of where it comes from.

A file holds no surrogate keys, run ids or times, and every choice of its format is fixed: equal pairs give equal bytes,
whichever engine they were stored in.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
from sqlalchemy import text

from expressway.coexpression.catalog import catalog_version, features
from expressway.coexpression.citations import references
from expressway.errors import InvalidSetting, MissingExtra
from expressway.files import replacing
from expressway.warehouse.engines.base import Connection
from expressway.warehouse.export import axis_frame, one_moment, save_anndata
from expressway.warehouse.ledger import as_json
from expressway.warehouse.pairs.runs import disease_label, stored_run
from expressway.warehouse.schema.pairs import BOUND_COLUMNS, META_STUDIES, STRICT_COLUMNS

ROW_GROUP = 50_000
FOUND_OUT = ("counts", "distributions", "genes_dropped", "messages")
"""What a run notes beside its settings, for the report."""
COLUMNS = (*(feature.column for feature in features()), *BOUND_COLUMNS, *STRICT_COLUMNS)
FLAGS = (*BOUND_COLUMNS, STRICT_COLUMNS[1])
BLOCK = 20_000  # rows of a query: a server's driver holds them as Python objects
IDENTITY = ("pair_uid", "geneA", "geneB", "geneA_symbol", "geneB_symbol", "disease", "technology", "organism")
STORED = f"""
SELECT p.pair_key, p.pair_uid,
       CASE WHEN a.gene_id < b.gene_id THEN a.gene_id ELSE b.gene_id END AS genea,
       CASE WHEN a.gene_id < b.gene_id THEN b.gene_id ELSE a.gene_id END AS geneb,
       CASE WHEN a.gene_id < b.gene_id THEN a.gene_symbol ELSE b.gene_symbol END AS genea_symbol,
       CASE WHEN a.gene_id < b.gene_id THEN b.gene_symbol ELSE a.gene_symbol END AS geneb_symbol,
       d.disease_label AS disease, f.technology, f.organism,
       {", ".join(f"f.{name}" for name in COLUMNS)}
FROM fact.fact_gene_pair_metrics f
JOIN dim.dim_gene_pair p ON p.pair_key = f.pair_key
JOIN dim.dim_gene a ON a.gene_key = p.genea_key
JOIN dim.dim_gene b ON b.gene_key = p.geneb_key
JOIN dim.dim_disease d ON d.disease_key = f.disease_key
WHERE f.metrics_scope = '{META_STUDIES}' AND f.feature_run_id = :run
AND (p.pair_uid > :last OR (p.pair_uid = :last AND p.pair_key > :key))
ORDER BY p.pair_uid, p.pair_key LIMIT {BLOCK}
"""
"""The pairs after the last one; by key where ids with bars make two pair_uid the same: A|B with C, and A with B|C."""
INPUTS = """
SELECT study_accession_code AS study, batch_id, file_name, file_hash, container_hash, metadata_hash
FROM meta.batch
WHERE position(batch_id IN :batches) > 0 ORDER BY study_accession_code
"""


def export_pairs(connection: Connection, disease_key: int, technology: str, organism: str, target: Path) -> int:
    """Write the stored pairs of a slice, sorted by pair_uid, and `<target>.manifest.json`; returns the pairs written.

    Columns are pair_uid, gene ids and symbols, the slice, the 134 features under their names in the catalogue,
    the nine flags of q values that are only known to be above the tail, and q_star_strict with its own. In .h5ad the
    pairs are observations.

    Args:
        target: .parquet, .csv or .h5ad; replaced in one step when it is there already.

    Raises:
        InvalidSetting: another suffix, a folder that cannot be written, or the slice has no pairs.
        MissingExtra: .h5ad without the extra `h5ad`.
        NoSpaceLeft: the disk is full; what was at `target` is still there.
    """
    writer = _writer(target)
    disease = disease_label(connection, disease_key)
    with one_moment(connection):
        run = stored_run(connection, disease_key, technology, organism)
        pairs = _stored_pairs(connection, run["feature_run_id"]) if run else pl.DataFrame()
        if run is None or pairs.is_empty():
            raise InvalidSetting(
                f"no pairs are stored for {disease}, {technology}, {organism}",
                value=disease,
                hint=f"`expressway aggregate --disease {disease} --technology {technology}` computes them.",
            )
        with replacing(target) as unfinished:
            writer(pairs, unfinished)
            manifest = _manifest(connection, run, pairs, target.name, unfinished) | {"disease": disease}
    with replacing(target.with_name(f"{target.name}.manifest.json")) as unfinished:
        unfinished.write_text(json.dumps(manifest, indent=2, ensure_ascii=False, default=str) + "\n", encoding="utf-8")
    return pairs.height


def _writer(target: Path) -> Callable[[pl.DataFrame, Path], None]:
    writers = {".parquet": _write_parquet, ".csv": _write_csv, ".h5ad": _write_h5ad}
    if target.suffix.lower() not in writers:
        raise InvalidSetting(
            f"cannot export to {target.suffix or 'a file without suffix'}",
            value=target,
            hint=f"Use one of {', '.join(writers)}.",
        )
    return writers[target.suffix.lower()]


def _stored_pairs(connection: Connection, run_id: str) -> pl.DataFrame:
    """The pairs of a run in the types and under the names of the file."""
    names = [*IDENTITY, *(feature.name for feature in features())]
    types = {feature.column: pl.Int32() if feature.is_count else pl.Float64() for feature in features()}
    types |= {STRICT_COLUMNS[0]: pl.Float64()}
    blocks: list[pl.DataFrame] = []
    key, last = 0, ""
    while not blocks or blocks[-1].height == BLOCK:
        block = connection.frame(text(STORED).bindparams(run=run_id, last=last, key=key))
        if block.height:
            key, last = block.select("pair_key", "pair_uid").row(-1)
        blocks.append(block.drop("pair_key").cast(types | dict.fromkeys(FLAGS, pl.Boolean())))  # type: ignore[arg-type]
    return pl.concat(blocks, rechunk=True).rename({name.lower(): name for name in names})


def _write_parquet(pairs: pl.DataFrame, path: Path) -> None:
    pairs.write_parquet(path, compression="zstd", compression_level=3, statistics=True, row_group_size=ROW_GROUP)


def _write_csv(pairs: pl.DataFrame, path: Path) -> None:
    pairs.write_csv(path)


def _write_h5ad(pairs: pl.DataFrame, path: Path) -> None:
    """AnnData: X = features (pairs x features), the genes of the pairs in obs, the catalogue in var."""
    try:
        import anndata
    except ImportError:
        raise MissingExtra("writing .h5ad needs the package anndata", hint="pip install 'expressway[h5ad]'") from None
    names = [feature.name for feature in features()]
    catalogue = {
        "feature": names,
        "description": [feature.description for feature in features()],
        "expected_scale": [feature.expected_scale for feature in features()],
        "role": [feature.role for feature in features()],
    }
    beside = ("pair_uid", *IDENTITY[1:5], pl.col(FLAGS).cast(pl.String), STRICT_COLUMNS[0])
    data = anndata.AnnData(
        X=pairs.select(pl.col(names).cast(pl.Float64)).to_numpy(),
        obs=axis_frame(pairs.select(*beside), "pair_uid"),
        var=axis_frame(pl.DataFrame(catalogue), "feature"),
        uns={name: pairs[name][0] for name in IDENTITY[5:]},
    )
    save_anndata(data, path)


def _manifest(
    connection: Connection, run: dict[str, Any], pairs: pl.DataFrame, name: str, written: Path
) -> dict[str, Any]:
    """Where the file comes from: its checksum, its inputs with theirs, settings, versions, and what to cite."""
    with written.open("rb") as stream:
        checksum = hashlib.file_digest(stream, "sha256").hexdigest()
    batches = as_json(run["input_batches_json"] or [])
    settings = {name: value for name, value in (run["settings_json"] or {}).items() if name not in FOUND_OUT}
    return {
        "file": name,
        "sha256": checksum,
        "pairs": pairs.height,
        "pairs_tested": run["pairs_tested"],
        "technology": run["technology"],
        "organism": run["organism"],
        "feature_run_id": run["feature_run_id"],
        "status": run["status"],
        "computed_at": run["ended_at"],
        "catalog_version": catalog_version(),
        "settings": settings,
        "versions": run["versions_json"],
        "inputs": connection.dicts(text(INPUTS).bindparams(batches=batches)),
        "citations": references(settings),
    }
