"""`expressway simulate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from expressway.cli.output import talk


def simulate(
    target: Annotated[Path, typer.Argument(metavar="DIR", help="Folder to write; must not exist.")],
    studies: Annotated[int, typer.Option(min=1, help="Studies in the download.")] = 5,
    genes: Annotated[int, typer.Option(min=1, help="Genes of each study.")] = 3000,
    samples: Annotated[int, typer.Option(min=1, help="Samples of each study.")] = 90,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same bytes.")] = 1,
    counts: Annotated[bool, typer.Option("--counts", help="Not quantile-normalised: plain counts.")] = False,
) -> None:
    """Write studies whose truth is known.

    They are one refine.bio download with planted differential correlation; the truth lies beside it as a table.
    """
    from expressway.studies.simulate import simulate as write_simulation

    write_simulation(target, studies=studies, genes=genes, samples=samples, seed=seed, quantile_normalized=not counts)
    talk(f"wrote {target} ({studies} studies, {genes:,} genes x {samples} samples each); the truth: {target}/truth.tsv")
