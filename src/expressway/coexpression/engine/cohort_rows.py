"""Fisher's z of one row of a tile in every cohort, from the dot products of ranks, in float32."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from expressway.coexpression.engine.vectors import INTEGERS, VECTOR, WIDTH, Block, Table, index

ROOT_HALF = 0x3F3504F3
"""The bits of sqrt(1/2)."""
LN2_HIGH, LN2_LOW = 0.693359375, -2.12194440e-4
POLYNOMIAL = (
    7.0376836292e-2,
    -1.1514610310e-1,
    1.1676998740e-1,
    -1.2420140846e-1,
    1.4249322787e-1,
    -1.6668057665e-1,
    2.0000714765e-1,
    -2.4999993993e-1,
    3.3333331174e-1,
)
TINY = 1e-30
"""In place of 0 where a gene does not count: its z is then 0, and its weight."""


@intrinsic  # type: ignore[untyped-decorator]
def fisher_row(
    _typing: Any,
    products: Any,
    row: Any,
    left: Any,
    scale: Any,
    gene: Any,
    begin: Any,
    largest: Any,
    limits: Any,
    n: Any,
    start: Any,
    lanes: Any,
    z: Any,
) -> Any:
    """z = 1/2 ln((D + N) / (D - N)) of every slot that has samples; returns how many of the correlations were clipped.

    D is the root of both sums of squared ranks, N their dot product; |r| is clipped at 1 - 2 / A0.

    Args:
        products: dot products of ranks, (slots, rows, columns), readable 16 columns beyond its end.
        row: the row in `products`, whose gene is number `gene`.
        left: the first column there, whose gene is number `begin`.
        scale: sqrt(A / A0), (slots, genes), readable 16 genes beyond the last.
        largest: A0 of every slot; `limits` has the |z| that counts as clipped, `n` the samples.
        start: lanes before this one are not pairs of the row, nor are those from `lanes` on.
        z: filled here, (slots, lanes).
    """
    kinds = (products, row, left, scale, gene, begin, largest, limits, n, start, lanes, z)
    return types.int64(*kinds), _generate


def _generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
    kinds = dict(zip(NAMES, signature.args, strict=True))
    given = dict(zip(NAMES, values, strict=True))
    data = {name: context.make_array(kinds[name])(context, builder, given[name]) for name in ARRAYS}
    scale, z = (Table(context, builder, kinds[name], given[name]) for name in ("scale", "z"))
    slots, height, width = cgutils.unpack_tuple(builder, data["products"].shape, 3)
    row, left, gene, begin, start, lanes = (
        builder.sext(given[name], ir.IntType(64)) if given[name].type.width < 64 else given[name]
        for name in ("row", "left", "gene", "begin", "start", "lanes")
    )
    block = Block(builder)
    clipped = cgutils.alloca_once_value(builder, ir.Constant(INTEGERS, [0] * WIDTH))
    first = builder.mul(builder.udiv(start, index(WIDTH)), index(WIDTH))
    with cgutils.for_range(builder, slots) as slot:
        samples = builder.load(builder.gep(data["n"].data, [slot.index]))
        with builder.if_then(builder.icmp_signed(">", samples, index(0))):
            most = builder.load(builder.gep(data["largest"].data, [slot.index]))
            limit = block.spread(builder.load(builder.gep(data["limits"].data, [slot.index])))
            own = builder.load(builder.gep(scale.data, [builder.add(builder.mul(slot.index, scale.columns), gene)]))
            row_scale = block.spread(builder.fmul(most, own))
            clip = block.spread(builder.fdiv(ir.Constant(ir.FloatType(), 2.0), most))
            line = builder.mul(builder.add(builder.mul(slot.index, height), row), width)
            with cgutils.for_range_slice(builder, first, lanes, index(WIDTH), inc=True) as (at, _):
                place = builder.gep(data["products"].data, [builder.add(builder.add(line, left), at)])
                product = builder.load(builder.bitcast(place, VECTOR.as_pointer()), align=4)
                theirs = block.load(scale, slot.index, builder.add(begin, at))
                value = _fisher_z(block, product, builder.fmul(row_scale, theirs), clip)
                block.save(value, z, slot.index, at)
                at_limit = builder.fcmp_ordered(">=", block.magnitude(value), limit)
                counts = builder.and_(at_limit, block.between(at, start, lanes))
                builder.store(builder.add(builder.load(clipped), builder.zext(counts, INTEGERS)), clipped)
    return block.total(builder.load(clipped))


NAMES = ("products", "row", "left", "scale", "gene", "begin", "largest", "limits", "n", "start", "lanes", "z")
ARRAYS = ("products", "largest", "limits", "n")


def _fisher_z(block: Block, product: Any, scale: Any, clip: Any) -> Any:
    builder = block.builder
    denominator = block.larger(scale, block.constant(TINY))
    least = builder.fmul(denominator, clip)
    most = block.fma(block.constant(2.0), denominator, builder.fneg(least))
    plus = block.smaller(block.larger(builder.fadd(denominator, product), least), most)
    minus = block.smaller(block.larger(builder.fsub(denominator, product), least), most)
    return builder.fmul(block.constant(0.5), logarithm(block, builder.fdiv(plus, minus)))


def logarithm(block: Block, x: Any) -> Any:
    """The natural logarithm of positive, normal float32, to 8e-8 of its value (1e-10 near 1).

    x = 2^e (1 + f) with 1 + f between sqrt(1/2) and sqrt(2); ln(1 + f) = f - f^2/2 + f^3 times the minimax polynomial
    of degree 8 of the Cephes library (`logf`; Moshier 1989).
    """
    builder = block.builder
    bits = builder.bitcast(x, INTEGERS)
    shift = block.integers(23)
    exponent = builder.ashr(builder.sub(bits, block.integers(ROOT_HALF)), shift)
    f = builder.fsub(builder.bitcast(builder.sub(bits, builder.shl(exponent, shift)), VECTOR), block.constant(1.0))
    square = builder.fmul(f, f)
    y = block.constant(POLYNOMIAL[0])
    for coefficient in POLYNOMIAL[1:]:
        y = block.fma(y, f, block.constant(coefficient))
    e = builder.sitofp(exponent, VECTOR)
    y = block.fma(block.constant(LN2_LOW), e, builder.fmul(y, builder.fmul(f, square)))
    y = block.fma(block.constant(-0.5), square, y)
    return block.fma(block.constant(LN2_HIGH), e, builder.fadd(f, y))
