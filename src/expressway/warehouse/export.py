"""Expression of studies out of the warehouse: Parquet, CSV, AnnData."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from sqlalchemy import text

from expressway.errors import InvalidSetting, MissingExtra, UnknownStudyOrDisease
from expressway.files import replacing
from expressway.warehouse.diseases import study_key
from expressway.warehouse.engines.base import Connection

COLUMNS = (
    "sample_accession_code",
    "sample_title",
    "illness_label",
    "study_accession_code",
    "study_technology",
    "platform_name",
    "gene_id",
    "gene_symbol",
    "expression_value_raw",
    "expression_value",
    "expression_log2_value",
    "is_detected",
    "batch_id",
)
GENES = """
SELECT gene_key, gene_id, gene_symbol FROM dim.dim_gene
WHERE gene_key IN (SELECT gene_key FROM fact.fact_gene_expression WHERE study_key = :study) ORDER BY gene_id
"""
SAMPLES = """
SELECT sample_key, sample_accession_code, sample_title, illness_label, study_accession_code, study_technology,
       platform_name, batch_id
FROM analytics.vw_expression_long WHERE study_key = :study AND gene_key = :gene
"""
# By key and not by accession: PostgreSQL then reads the partition of this study only; the range of gene keys lets both
# engines pass over facts of other genes.
VALUES = """
SELECT sample_key, gene_key, expression_value_raw, expression_value, expression_log2_value, is_detected
FROM analytics.vw_expression_long
WHERE study_key = :study AND gene_key BETWEEN :lowest AND :highest AND gene_id BETWEEN :first AND :last
"""
CELLS_AT_ONCE = 500_000


def expression(connection: Connection, study: str) -> pl.DataFrame:
    """The facts of a study that enter analyses, one row for each gene and sample.

    Args:
        study: accession of a study that is loaded.

    Returns:
        A frame with the columns of `analytics.vw_expression_long` that users read, sorted by gene and sample.

    Raises:
        UnknownStudyOrDisease: no such study.
    """
    with one_moment(connection):
        return pl.concat(_blocks(connection, study))


def export_expression(connection: Connection, study: str, target: Path) -> int:
    """Write the expression of a study to `target` by its suffix; returns the rows (or cells) written.

    Genes are read in blocks; only .h5ad holds the matrix in memory.

    Args:
        study: accession of a study that is loaded.
        target: .parquet, .csv or .h5ad; replaced in one step when it is there already.

    Raises:
        UnknownStudyOrDisease: no such study.
        InvalidSetting: another suffix, a folder that cannot be written, or every sample is excluded from analyses.
        MissingExtra: .h5ad without the extra `h5ad`.
        NoSpaceLeft: the disk is full; what was at `target` is still there.
    """
    writers: dict[str, Callable[[Iterator[pl.DataFrame], Path], int]] = {
        ".parquet": _write_parquet,
        ".csv": _write_csv,
        ".h5ad": _write_h5ad,
    }
    writer = writers.get(target.suffix.lower())
    if writer is None:
        raise InvalidSetting(
            f"cannot export to {target.suffix or 'a file without suffix'}",
            value=target,
            hint=f"Use one of {', '.join(writers)}.",
        )
    with one_moment(connection), replacing(target) as unfinished:
        rows = writer(_blocks(connection, study), unfinished)
        if rows == 0:
            raise InvalidSetting(
                f"every sample of {study} is excluded from analyses",
                value=study,
                hint=f"`expressway studies show {study}` shows the rules that exclude them.",
            )
    return rows


def require_study(connection: Connection, study: str) -> None:
    """Raise unless a study with a current batch has this accession."""
    names = [
        row[0] for row in connection.fetchall("SELECT study_accession_code FROM meta.batch WHERE is_current ORDER BY 1")
    ]
    if study not in names:
        known = ", ".join(names[:10]) or "none"
        raise UnknownStudyOrDisease(f"no study {study} is loaded (loaded: {known})", value=study)


@contextmanager
def one_moment(connection: Connection) -> Iterator[None]:
    """All queries inside see the warehouse as it is at the first, whatever is loaded meanwhile."""
    with connection.transaction():
        if connection.engine == "postgresql":
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield


def _blocks(connection: Connection, study: str) -> Iterator[pl.DataFrame]:
    """The rows of a study in blocks of whole genes, at least one block."""
    require_study(connection, study)
    key = study_key(connection, study)
    genes = connection.frame(text(GENES).bindparams(study=key))
    samples = connection.frame(text(SAMPLES).bindparams(study=key, gene=genes["gene_key"][0]))
    for block in genes.iter_slices(max(1, CELLS_AT_ONCE // max(1, samples.height))):
        keys, ids = block["gene_key"], block["gene_id"]
        bounds = {"lowest": keys.min(), "highest": keys.max(), "first": ids[0], "last": ids[-1]}
        values = connection.frame(text(VALUES).bindparams(study=key, **bounds))
        named = values.join(block, on="gene_key").join(samples, on="sample_key")
        yield named.sort("gene_id", "sample_accession_code").select(COLUMNS)


def _write_csv(blocks: Iterator[pl.DataFrame], path: Path) -> int:
    rows = 0
    with path.open("wb") as file:
        for block in blocks:
            block.write_csv(file, include_header=file.tell() == 0)
            rows += block.height
    return rows


def _write_parquet(blocks: Iterator[pl.DataFrame], path: Path) -> int:
    """Each block into a file of its own, then all of them as a stream into one."""
    rows, parts = 0, []
    for number, block in enumerate(blocks):
        parts.append(path.with_name(f"{number}.parquet"))
        block.write_parquet(parts[-1])
        rows += block.height
    pl.scan_parquet(parts, glob=False).sink_parquet(path)
    return rows


def _write_h5ad(blocks: Iterator[pl.DataFrame], path: Path) -> int:
    """AnnData: X = analysis values (samples x genes), layer `raw`, labels in obs, symbols in var."""
    try:
        import anndata
    except ImportError:
        raise MissingExtra("writing .h5ad needs the package anndata", hint="pip install 'expressway[h5ad]'") from None
    values, raw, genes = [], [], []
    block = pl.DataFrame()
    for block in blocks:
        genes.append(block.select("gene_id", "gene_symbol").unique(maintain_order=True))
        shape = (genes[-1].height, block.height // max(1, genes[-1].height))
        values.append(block["expression_value"].to_numpy().reshape(shape))
        raw.append(block["expression_value_raw"].to_numpy().reshape(shape))
    if block.is_empty():
        return 0
    samples = block.select("sample_accession_code", "sample_title", "illness_label").unique(maintain_order=True)
    first = block.row(0, named=True)
    data = anndata.AnnData(
        X=np.concatenate(values).T,
        obs=axis_frame(samples, "sample_accession_code"),
        var=axis_frame(pl.concat(genes), "gene_id"),
        layers={"raw": np.concatenate(raw).T},
        uns={name: first[name] or "" for name in ("study_accession_code", "study_technology", "batch_id")},
    )
    save_anndata(data, path)
    return int(data.n_obs * data.n_vars)


def save_anndata(data: Any, path: Path) -> None:
    """Write AnnData by way of memory: HDF5 that meets a full disk takes the process down with it."""
    import h5py
    from anndata.io import write_elem

    data.strings_to_categoricals()
    with h5py.File(path.name, "w", driver="core", backing_store=False) as file:
        write_elem(file, "/", data, dataset_kwargs={"compression": "gzip"})
        file.flush()
        image = file.id.get_file_image()
    path.write_bytes(image)


def axis_frame(frame: pl.DataFrame, column: str) -> Any:
    """The frame as AnnData wants its axes: a pandas frame with string labels, and numbers where they have fractions."""
    import pandas

    filled = frame.with_columns(pl.col(pl.Float64).fill_null(np.nan), pl.exclude(pl.Float64).fill_null(""))
    columns = {name: filled[name].to_list() for name in frame.columns if name != column}
    return pandas.DataFrame(columns, index=pandas.Index(frame[column].to_list(), name=column))
