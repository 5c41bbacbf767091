"""From the files of studies to ranked pairs: the whole way against its steps alone, with its breakdown.

    python benchmarks/aggregate.py [--genes 20000] [--samples 200] [--studies 5]

A simulated download is loaded into DuckDB and aggregated, each in a process of its own; then a bare load (parse,
unpivot, insert), a bare read (the facts back as arrays) and the engine on arrays at hand take their turns.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from load import floor
from measuring import Taken, in_own_process

from expressway.settings import load_settings
from expressway.studies.simulate import simulate
from expressway.warehouse.pairs.matrices import read_study
from expressway.warehouse.pairs.slice import resolve
from expressway.warehouse.warehouse import Warehouse


def _warehouse(work: Path) -> Warehouse:
    return Warehouse(load_settings(None, {"warehouse": f"duckdb:///{work / 'warehouse.duckdb'}"}, environ={}))


def whole(work: Path) -> dict[str, Any]:
    """Load all studies, map them, aggregate; the seconds of each step."""
    taken = Taken()
    with _warehouse(work) as warehouse:
        for study in warehouse.load(work / "download").studies:
            assert study.action == "LOADED", study
            warehouse.map_study(study.study, "SEPSIS")
        loaded = taken.so_far()
        result = warehouse.aggregate("SEPSIS")
        assert result.ok, result
        aggregated = taken.so_far()
        pairs = warehouse.top_pairs("SEPSIS", "RNA-SEQ", limit=100)
    steps = {"load": loaded["cpu"], "aggregate": aggregated["cpu"] - loaded["cpu"]}
    return taken.so_far() | {"steps": steps, "pairs": pairs.height, "tested": result.slices[0].pairs_tested}


def bare_load(work: Path) -> dict[str, Any]:
    """Every matrix parsed, unpivoted and inserted with integer keys: no hash, no checks, no transform."""
    taken = Taken()
    for number, study in enumerate(sorted((work / "download").glob("SRP*"))):
        folder = work / f"bare{number}"
        folder.mkdir(exist_ok=True)
        (folder / "floor.duckdb").unlink(missing_ok=True)
        (folder / study.name).unlink(missing_ok=True)
        (folder / study.name).symlink_to(study)
        floor(folder, folder)
    return taken.so_far()


def bare_read(work: Path) -> dict[str, Any]:
    """The value of every fact out of DuckDB, study by study, in key order, put into a matrix."""
    taken = Taken()
    connection = duckdb.connect(str(work / "warehouse.duckdb"), read_only=True)
    sizes = connection.execute("SELECT batch_key, genes, samples FROM meta.batch WHERE is_current").fetchall()
    for batch, genes, samples in sizes:
        facts = (
            "SELECT expression_value FROM fact.fact_gene_expression WHERE batch_key = ? ORDER BY gene_key, sample_key"
        )
        values = connection.execute(facts, [batch]).fetchnumpy()["expression_value"]
        np.asarray(values).reshape(genes, samples)
    return taken.so_far()


def engine(work: Path) -> dict[str, Any]:
    """`analyse` on the studies as they come out of the warehouse; reading them is not counted."""
    from expressway.coexpression import analyse

    with _warehouse(work) as warehouse, warehouse._ready() as connection:
        (only,) = resolve(connection, "SEPSIS", "RNA-SEQ")
        studies = [read_study(connection, study).study for study in only.studies]
    taken = Taken()
    analyse(studies)
    return taken.so_far()


CONTESTANTS: dict[str, Callable[[Path], dict[str, Any]]] = {
    "whole": whole,
    "bare_load": bare_load,
    "bare_read": bare_read,
    "engine": engine,
}


def main() -> None:
    """Simulate, race, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--genes", type=int, default=20_000)
    parser.add_argument("--samples", type=int, default=200)
    parser.add_argument("--studies", type=int, default=5)
    parser.add_argument("--only", nargs=2, metavar=("NAME", "WORK"))
    options = parser.parse_args()
    if options.only:
        print(json.dumps(CONTESTANTS[options.only[0]](Path(options.only[1]))))
        return
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        simulate(work / "download", studies=options.studies, genes=options.genes, samples=options.samples, seed=1)
        print(f"{options.genes:,} genes, {options.studies} studies of {options.samples} samples")
        found = {name: in_own_process(__file__, name, work) for name in CONTESTANTS}
    for name, result in found.items():
        print(f"  {name:10} {result['cpu']:8.2f} CPU-s  {result['seconds']:8.2f} s  {result['peak_mib']:6.0f} MiB")
    steps = ", ".join(f"{name} {cpu:.1f}" for name, cpu in found["whole"]["steps"].items())
    print(f"from files to {found['whole']['pairs']} ranked pairs of {found['whole']['tested']:,}: CPU-s {steps}")
    parts = sum(found[name]["cpu"] for name in ("bare_load", "bare_read", "engine"))
    print(f"whole / (bare load + bare read + engine): {found['whole']['cpu'] / parts:.2f} (wanted: <= 2)")


if __name__ == "__main__":
    main()
