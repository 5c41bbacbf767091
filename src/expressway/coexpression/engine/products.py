"""Dot products of ranks: whole numbers of 16 bits, two multiplied at a time and added up in 32, nothing is rounded.

An instruction of AVX2 multiplies twice as many of these as of float32. The ranks of 16 genes lie beside each other,
two samples of each at a time; four rows go over them together, so that what is read is used four times.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from expressway.coexpression.engine.operations import compiled
from expressway.coexpression.engine.vectors import INTEGERS, VECTOR, WIDTH, Block, index

ROWS = 4
"""Rows that are multiplied at a time."""
SHORTS = ir.VectorType(ir.IntType(16), 2 * WIDTH)
PRODUCTS = ir.VectorType(ir.IntType(32), 2 * WIDTH)
DOUBLES = ir.VectorType(ir.DoubleType(), WIDTH)


@compiled
def interleave(ranks: Any, start: int, pairs: int, genes: Any, panels: Any) -> None:
    """Lay the ranks of genes beside each other, (panels of 16 genes, pairs of samples, genes); zeros fill the last.

    Args:
        ranks: two ranks in each number; a gene has `pairs` of them, the first gene at `start`.
        genes: the first gene, and the one after the last.
        panels: filled here, flat.
    """
    for lane in range((genes[1] - genes[0] + WIDTH - 1) // WIDTH * WIDTH):
        at = lane // WIDTH * WIDTH * pairs + lane % WIDTH
        line = start + (genes[0] + lane) * pairs
        for k in range(pairs):
            panels[at + k * WIDTH] = ranks[line + k] if genes[0] + lane < genes[1] else 0


@intrinsic  # type: ignore[untyped-decorator]
def multiply_rows(
    _typing: Any, ranks: Any, line: Any, pairs: Any, most: Any, panels: Any, panel: Any, out: Any, at: Any, columns: Any
) -> Any:
    """The dot products of four genes with the 16 genes of a panel, as float32.

    Args:
        ranks: two ranks in each number; those of the four genes follow each other from `line` on.
        pairs: numbers of a gene.
        most: how many of them can be added up in 32 bits.
        panels: what `interleave` made.
        panel: where in `panels` the genes are.
        out: filled here, flat: 16 numbers from `at` on, and so in the next three rows, `columns` apart.
    """
    whole = (line, pairs, most, panel, at, columns)
    if not all(isinstance(kind, types.Integer) for kind in whole):
        return None
    kinds = (ranks, types.int64, types.int64, types.int64, panels, types.int64, out, types.int64, types.int64)
    return types.void(*kinds), _generate


def _generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
    ranks, panels, out = (
        context.make_array(signature.args[place])(context, builder, values[place]).data for place in (0, 4, 6)
    )
    line, pairs, most, panel, at, columns = (values[place] for place in (1, 2, 3, 5, 7, 8))
    lines = [builder.gep(ranks, [builder.add(line, builder.mul(pairs, index(row)))]) for row in range(ROWS)]
    blocks = builder.bitcast(builder.gep(panels, [panel]), SHORTS.as_pointer())
    places = [
        builder.bitcast(builder.gep(out, [builder.add(at, builder.mul(columns, index(row)))]), VECTOR.as_pointer())
        for row in range(ROWS)
    ]
    with builder.if_else(builder.icmp_signed("<=", pairs, most)) as (at_once, in_parts):
        with at_once:
            for total, place in zip(_totals(builder, lines, blocks, (index(0), pairs)), places, strict=True):
                builder.store(builder.sitofp(total, VECTOR), place, align=4)
        with in_parts:
            zero = ir.Constant(DOUBLES, [0.0] * WIDTH)
            sums = [cgutils.alloca_once_value(builder, zero) for _ in range(ROWS)]
            with cgutils.for_range_slice(builder, index(0), pairs, most, inc=True) as (first, _):
                end = builder.add(first, most)
                last = builder.select(builder.icmp_signed("<", end, pairs), end, pairs)
                for total, one in zip(_totals(builder, lines, blocks, (first, last)), sums, strict=True):
                    builder.store(builder.fadd(builder.load(one), builder.sitofp(total, DOUBLES)), one)
            for one, place in zip(sums, places, strict=True):
                builder.store(builder.fptrunc(builder.load(one), VECTOR), place, align=4)
    return context.get_dummy_value()


def _totals(builder: Any, lines: list[Any], blocks: Any, span: tuple[Any, Any]) -> list[Any]:
    """The sums over the numbers of a span: of each row with 16 genes."""
    nothing = ir.Constant(INTEGERS, [0] * WIDTH)
    totals = [cgutils.alloca_once(builder, INTEGERS) for _ in lines]
    for total in totals:
        builder.store(nothing, total)
    even, odd = (ir.Constant(INTEGERS, list(range(first, 2 * WIDTH, 2))) for first in (0, 1))
    with cgutils.for_range_slice(builder, *span, index(1), inc=True) as (k, _):
        theirs = builder.sext(builder.load(builder.gep(blocks, [k]), align=4), PRODUCTS)
        for line, total in zip(lines, totals, strict=True):
            own = Block(builder).spread_integer(builder.load(builder.gep(line, [k]), align=4))
            products = builder.mul(builder.sext(builder.bitcast(own, SHORTS), PRODUCTS), theirs)
            both = [builder.shuffle_vector(products, products, half) for half in (even, odd)]
            builder.store(builder.add(builder.load(total), builder.add(*both)), total)
    return [builder.load(total) for total in totals]
