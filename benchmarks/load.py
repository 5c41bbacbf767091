"""How fast a study goes into a warehouse, against what the same machine can do at all, measured side by side.

    python benchmarks/load.py [--genes 20000] [--samples 500] [--rounds 3]

Every contestant runs in a process of its own; rounds alternate, ratios are taken round by round and their median is
printed. PostgreSQL is measured where EXPRESSWAY_TEST_POSTGRESQL names a server.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl
from measuring import peak_memory

from expressway import open_warehouse
from expressway.settings import load_settings
from expressway.studies.simulate import simulate
from expressway.warehouse.engines.duckdb.connect import ArrowStream
from expressway.warehouse.warehouse import Warehouse

POSTGRESQL = "EXPRESSWAY_TEST_POSTGRESQL"
SCRATCH = "expressway_bench"
TARGET_ROWS_PER_SECOND = 10_000_000 / 3600  # the sources' target: 10 M rows in 60 minutes


def matrix_of(download: Path) -> Path:
    """The only matrix of a simulated download."""
    return next(path for path in download.glob("SRP*/SRP*.tsv"))


def floor(download: Path, work: Path) -> int:
    """Parse, unpivot, insert integer keys and two value columns: no hash, no checks, no transform."""
    batches = pl.scan_csv(matrix_of(download), separator="\t").collect_batches(chunk_size=1000)
    connection = duckdb.connect(str(work / "floor.duckdb"))
    connection.execute("CREATE TABLE fact (sample_key INT, gene_key INT, raw DOUBLE, value DOUBLE)").fetchall()
    connection.execute("BEGIN").fetchall()
    genes = rows = 0
    for batch in batches:
        names = {name: str(number) for number, name in enumerate(batch.columns[1:])}
        keys = pl.Series("gene_key", np.arange(genes, genes + batch.height, dtype=np.int32))
        long = batch.drop("Gene").rename(names).with_columns(keys).unpivot(index="gene_key")
        frame = long.select(pl.col("variable").cast(pl.Int32), "gene_key", "value", again="value")
        connection.register("incoming", ArrowStream(frame))
        connection.execute("INSERT INTO fact SELECT * FROM incoming").fetchall()
        connection.unregister("incoming")
        genes += batch.height
        rows += frame.height
    connection.execute("COMMIT").fetchall()
    connection.close()
    return rows


def unpivot(download: Path, work: Path) -> int:
    """DuckDB alone: INSERT ... UNPIVOT read_csv."""
    connection = duckdb.connect(str(work / "unpivot.duckdb"))
    connection.execute("CREATE TABLE fact (gene VARCHAR, sample VARCHAR, value DOUBLE)").fetchall()
    connection.execute(
        f"INSERT INTO fact SELECT Gene, name, value FROM (UNPIVOT (SELECT * FROM read_csv('{matrix_of(download)}', "
        "delim='\t', header=true)) ON COLUMNS(* EXCLUDE Gene))"
    ).fetchall()
    rows = connection.execute("SELECT count(*) FROM fact").fetchall()[0][0]
    connection.close()
    return int(rows)


def into_duckdb(download: Path, work: Path) -> int:
    """`expressway load` into DuckDB, everything on."""
    return _load(f"duckdb:///{work / 'warehouse.duckdb'}", download)


def into_postgresql(download: Path, work: Path) -> int:
    """`expressway load` into PostgreSQL, everything on."""
    return _load(_scratch_url(), download)


def _load(url: str, download: Path) -> int:
    with Warehouse(load_settings(None, {"warehouse": url}, environ={})) as warehouse:
        result = warehouse.load(download)
    assert [study.action for study in result.studies] == ["LOADED"], result
    return sum(study.cells_loaded for study in result.studies)


def bare_copy(download: Path, work: Path) -> int:
    """The same rows, encoded beforehand, through a bare binary COPY in one transaction."""
    import psycopg

    with psycopg.connect(_scratch_url()) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE public.bare (LIKE fact.fact_gene_expression)")
        with cursor.copy("COPY public.bare FROM STDIN (FORMAT BINARY)") as copy, (work / "rows.bin").open("rb") as file:
            while chunk := file.read(2**20):
                copy.write(chunk)
        return int(cursor.rowcount)


CONTESTANTS: dict[str, Callable[[Path, Path], int]] = {
    "floor": floor,
    "unpivot": unpivot,
    "into_duckdb": into_duckdb,
    "into_postgresql": into_postgresql,
    "bare_copy": bare_copy,
}


def _scratch_url() -> str:
    return os.environ[POSTGRESQL].rpartition("/")[0] + "/" + SCRATCH


def _fresh(name: str, work: Path) -> None:
    """Bring the target of a contestant into its starting state; not timed.

    What the contestant before it left to be written is written now: a checkpoint in the middle of a COPY, or pages that
    go to the disk meanwhile, would be counted against the wrong one.
    """
    for path in work.glob("*.duckdb*"):
        path.unlink()
    if name == "into_duckdb":
        with open_warehouse(f"duckdb:///{work / 'warehouse.duckdb'}") as warehouse:
            warehouse.init()
    if name == "into_postgresql":
        _server(f"DROP DATABASE IF EXISTS {SCRATCH}", f"CREATE DATABASE {SCRATCH}")
        with open_warehouse(_scratch_url()) as warehouse:
            warehouse.init()
    if name == "bare_copy":
        import psycopg

        with psycopg.connect(_scratch_url()) as connection:
            connection.execute("DROP TABLE IF EXISTS public.bare")
            if not (work / "rows.bin").exists():
                with (
                    connection.cursor().copy(
                        "COPY (SELECT * FROM fact.fact_gene_expression) TO STDOUT (FORMAT BINARY)"
                    ) as copy,
                    (work / "rows.bin").open("wb") as file,
                ):
                    file.writelines(copy)
    if POSTGRESQL in os.environ:
        _server("CHECKPOINT")
    os.sync()


def _server(*statements: str) -> None:
    import psycopg

    with psycopg.connect(os.environ[POSTGRESQL], autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def run(name: str, download: Path, work: Path) -> dict[str, Any]:
    """Rows, seconds and peak memory of one contestant in a process of its own."""
    _fresh(name, work)
    command = [sys.executable, __file__, "--only", name, str(download), str(work)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{name} failed:\n{done.stderr}")
    return dict(json.loads(done.stdout.splitlines()[-1]))


def only(name: str, download: Path, work: Path) -> None:
    """Run one contestant here and print what it took."""
    started, cpu = time.perf_counter(), time.process_time()
    rows = CONTESTANTS[name](download, work)
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    print(json.dumps({"rows": rows, "seconds": seconds, "cpu": cpu, "peak_mib": peak_memory()}))


def compare(names: list[str], rounds: int, download: Path, work: Path) -> dict[str, list[dict[str, Any]]]:
    """All contestants in turn, `rounds` times."""
    results: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    for _ in range(rounds):
        for name in names:
            results[name].append(run(name, download, work))
    for name, runs in results.items():
        seconds = statistics.median(r["seconds"] for r in runs)
        rate = runs[0]["rows"] / seconds
        peak = max(r["peak_mib"] for r in runs)
        cpu = statistics.median(r["cpu"] for r in runs)
        print(f"{name:18} {seconds:8.2f} s  {cpu:8.2f} CPU-s  {rate:12,.0f} rows/s  {peak:7.0f} MiB", end="")
        print(f"  {rate / TARGET_ROWS_PER_SECOND:7.0f} x the target of 10 M rows in 60 minutes")
    return results


def ratio(results: dict[str, list[dict[str, Any]]], ours: str, theirs: str, limit: str) -> None:
    """Print the median of the ratios taken round by round."""
    pairs = zip(results[ours], results[theirs], strict=True)
    walls, cpus = zip(*((a["seconds"] / b["seconds"], a["cpu"] / b["cpu"]) for a, b in pairs), strict=True)
    wall, cpu = statistics.median(walls), statistics.median(cpus)
    print(f"{ours} / {theirs}: {wall:.2f} (wanted: {limit}); CPU seconds {cpu:.2f}")


def main() -> None:
    """Simulate, race, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--genes", type=int, default=20_000)
    parser.add_argument("--samples", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs=3, metavar=("NAME", "DOWNLOAD", "WORK"))
    options = parser.parse_args()
    if options.only:
        only(options.only[0], Path(options.only[1]), Path(options.only[2]))
        return
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        small, large = work / "small", work / "large"
        simulate(small, studies=1, genes=options.genes, samples=options.samples, seed=1)
        simulate(large, studies=1, genes=2 * options.genes, samples=options.samples, seed=2)
        print(f"{options.genes:,} genes x {options.samples} samples, {options.rounds} rounds")
        results = compare(["floor", "into_duckdb", "unpivot"], options.rounds, small, work)
        ratio(results, "into_duckdb", "floor", "<= 1.5")
        ratio(results, "into_duckdb", "unpivot", "< 1")
        doubled = run("into_duckdb", large, work)
        peak = max(r["peak_mib"] for r in results["into_duckdb"])
        print(f"peak memory {peak:.0f} MiB (wanted: <= 1024); with {2 * options.genes:,} genes ", end="")
        print(f"{doubled['peak_mib']:.0f} MiB, ratio {doubled['peak_mib'] / peak:.2f} (wanted: <= 1.10)")
        if POSTGRESQL in os.environ:
            results = compare(["into_postgresql", "bare_copy"], options.rounds, small, work)
            ratio(results, "into_postgresql", "bare_copy", "<= 1.3")
            _server(f"DROP DATABASE IF EXISTS {SCRATCH}")
        else:
            print(f"PostgreSQL: not measured, {POSTGRESQL} is not set")


if __name__ == "__main__":
    main()
