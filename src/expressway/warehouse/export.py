"""Expression of studies out of the warehouse: Parquet, CSV, AnnData."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import polars as pl
from sqlalchemy import text

from expressway.errors import InvalidSetting, MissingExtra, NoSpaceLeft, UnknownStudyOrDisease, WarehouseNotWritable
from expressway.warehouse.diseases import study_key
from expressway.warehouse.engines.base import Connection

LONG = """
SELECT sample_accession_code, sample_title, illness_label, study_accession_code, study_technology, platform_name,
       gene_id, gene_symbol, expression_value_raw, expression_value, expression_log2_value, is_detected, batch_id
FROM analytics.vw_expression_long WHERE study_key = :study ORDER BY gene_id, sample_accession_code
"""


def expression(connection: Connection, study: str) -> pl.DataFrame:
    """The facts of a study that enter analyses, one row for each gene and sample.

    Args:
        study: accession of a study that is loaded.

    Returns:
        A frame with the columns of `analytics.vw_expression_long` that users read, sorted by gene and sample.

    Raises:
        UnknownStudyOrDisease: no such study.
    """
    require_study(connection, study)
    # by key and not by accession: PostgreSQL then reads the partition of this study only
    return connection.frame(text(LONG).bindparams(study=study_key(connection, study)))


def require_study(connection: Connection, study: str) -> None:
    """Raise unless a study with a current batch has this accession."""
    names = [
        row[0] for row in connection.fetchall("SELECT study_accession_code FROM meta.batch WHERE is_current ORDER BY 1")
    ]
    if study not in names:
        known = ", ".join(names[:10]) or "none"
        raise UnknownStudyOrDisease(f"no study {study} is loaded (loaded: {known})", value=study)


def export_expression(connection: Connection, study: str, target: Path) -> int:
    """Write the expression of a study to `target` by its suffix; returns the rows (or cells) written.

    Args:
        study: accession of a study that is loaded.
        target: .parquet, .csv, .csv.gz or .h5ad; replaced in one step when it is there already.

    Raises:
        InvalidSetting: another suffix.
        MissingExtra: .h5ad without the extra `h5ad`.
    """
    writers: dict[str, Callable[[pl.DataFrame, Path], None]] = {
        ".parquet": lambda frame, path: frame.write_parquet(path),
        ".csv": lambda frame, path: frame.write_csv(path),
        ".h5ad": _write_h5ad,
    }
    writer = writers.get(target.suffix.lower())
    if writer is None:
        raise InvalidSetting(
            f"cannot export to {target.suffix or 'a file without suffix'}",
            value=target,
            hint=f"Use one of {', '.join(writers)}.",
        )
    frame = expression(connection, study)
    _replace(target, lambda path: writer(frame, path))
    return frame.height


def _replace(target: Path, write: Callable[[Path], None]) -> None:
    """Write beside the target and rename, so that a failure leaves what was there."""
    try:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=target.suffix)
        os.close(handle)
        try:
            write(Path(name))
            Path(name).replace(target)
        finally:
            Path(name).unlink(missing_ok=True)
    except OSError as error:
        kind = NoSpaceLeft if error.errno in {27, 28} else WarehouseNotWritable
        raise kind(f"cannot write {target}: {error.strerror}", value=target, hint="Choose another folder.") from None


def _write_h5ad(frame: pl.DataFrame, path: Path) -> None:
    """AnnData: X = analysis values (samples x genes), layer `raw`, labels in obs, symbols in var."""
    try:
        import anndata
    except ImportError:
        raise MissingExtra("writing .h5ad needs the package anndata", hint="pip install 'expressway[h5ad]'") from None
    obs = frame.select("sample_accession_code", "sample_title", "illness_label").unique(maintain_order=True)
    var = frame.select("gene_id", "gene_symbol").unique(maintain_order=True)
    first = frame.row(0, named=True)
    layers = {}
    for name in ("expression_value", "expression_value_raw"):
        wide = frame.pivot("gene_id", index="sample_accession_code", values=name, maintain_order=True)
        layers[name] = wide.select(var["gene_id"].to_list()).to_numpy()
    data = anndata.AnnData(
        X=layers["expression_value"],
        obs=_index(obs, "sample_accession_code"),
        var=_index(var, "gene_id"),
        layers={"raw": layers["expression_value_raw"]},
        uns={name: first[name] or "" for name in ("study_accession_code", "study_technology", "batch_id")},
    )
    data.write_h5ad(path, compression="gzip")


def _index(frame: pl.DataFrame, column: str) -> object:
    """The frame as AnnData wants its axes: a pandas frame with string labels."""
    import pandas

    columns = {name: frame[name].fill_null("").to_list() for name in frame.columns if name != column}
    return pandas.DataFrame(columns, index=pandas.Index(frame[column].to_list(), name=column))
