"""The studies of a slice, ready for analysis."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import polars as pl
from sqlalchemy import bindparam, text

from expressway.coexpression.analysis import Prepared, prepare
from expressway.settings import PairSettings
from expressway.studies.checks import named
from expressway.studies.study import Message
from expressway.warehouse.engines.base import Connection
from expressway.warehouse.pairs.matrices import StudyMatrix, read_study
from expressway.warehouse.pairs.slice import ALL, Slice

Progress = Callable[[str, str, int, int], None]
ENTREZ = "SELECT gene_id FROM dim.dim_gene WHERE gene_key IN :genes AND gene_id_type = 'ENTREZ' ORDER BY gene_id"


def read_slice(connection: Connection, of: Slice, progress: Progress | None) -> tuple[list[StudyMatrix], list[Message]]:
    """The matrix of every study of a slice, and what to say of genes that are left out of all of them."""
    matrices = []
    for number, study in enumerate(of.studies):
        matrices.append(read_study(connection, study))
        if progress is not None:
            progress(of.name, "reading", number + 1, len(of.studies))
    unclear = _unclear(connection, matrices)
    if not unclear:
        return matrices, []
    many = f"{len(unclear)} numbers are Entrez ids" if len(unclear) > 1 else "1 number is an Entrez id"
    said = f"{of.name}: {many} in one study and something else in another: {named(unclear)}; left out"
    return [_without(matrix, unclear) for matrix in matrices], [Message("UNCLEAR_GENE_ID", "WARNING", said)]


def _unclear(connection: Connection, matrices: Sequence[StudyMatrix]) -> list[str]:
    """Numbers that are Entrez ids in one study only; other ids mean the same in all, whatever stands beside them."""
    genes = [pl.DataFrame({"gene": matrix.study.genes, "key": matrix.gene_keys}) for matrix in matrices]
    numbers = pl.concat(genes).unique().filter(pl.col("gene").is_duplicated(), pl.col("gene").str.contains(r"^\d+$"))
    query = text(ENTREZ).bindparams(bindparam("genes", numbers["key"].to_list(), expanding=True))
    return [] if numbers.is_empty() else [str(gene) for (gene,) in connection.fetchall(query)]


def _without(matrix: StudyMatrix, genes: Sequence[str]) -> StudyMatrix:
    study = matrix.study
    kept = ~np.isin(study.genes, genes)
    detected = None if study.detected is None else study.detected[kept]
    left = [gene for gene, there in zip(study.genes, kept, strict=True) if there]
    study = replace(study, genes=left, values=study.values[kept], detected=detected)
    return replace(matrix, study=study, gene_keys=matrix.gene_keys[kept])


def prepare_slice(matrices: Sequence[StudyMatrix], of: Slice, pairs: PairSettings) -> Prepared:
    """Genes chosen, ranks laid out."""
    return prepare(
        [matrix.study for matrix in matrices],
        contrasts=pairs.contrasts,
        genes=pairs.genes,
        by_technology=of.technology == ALL,
        choices=pairs,
    )
