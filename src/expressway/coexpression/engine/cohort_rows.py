"""Fisher's z of one row of a tile in every cohort, from the dot products of ranks, in float32."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from expressway.coexpression.engine.vectors import INTEGERS, VECTOR, WIDTH, Block, Table, index

HALF_LN2 = 0.34657359
POLYNOMIAL = (0.15208437, 0.19977585, 0.33333487)
"""(artanh(s) / s - 1) / t as a polynomial of t = s^2 <= 0.041, highest power first; times t right to 3e-9."""
TINY = 1e-30
"""In place of 0 where a gene does not count: its z is then 0, and its weight."""


@intrinsic  # type: ignore[untyped-decorator]
def fisher_row(
    _typing: Any,
    products: Any,
    row: Any,
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
        products: dot products of ranks, (slots, rows, lanes), the lanes a multiple of 16.
        row: the row in `products`.
        scale: sqrt(A / A0), (slots, genes), readable 16 genes beyond the last.
        gene: the number of the gene of the row; `begin` is that of the first lane.
        largest: A0 of every slot; `limits` has the |z| that counts as clipped, `n` the samples.
        start: lanes before this one are not pairs of the row, nor are those from `lanes` on.
        z: filled here, (slots, lanes).
    """
    kinds = (products, row, scale, gene, begin, largest, limits, n, start, lanes, z)
    return types.int64(*kinds), _generate


def _generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
    kinds = dict(zip(NAMES, signature.args, strict=True))
    given = dict(zip(NAMES, values, strict=True))
    data = {name: context.make_array(kinds[name])(context, builder, given[name]) for name in ARRAYS}
    scale, z = (Table(context, builder, kinds[name], given[name]) for name in ("scale", "z"))
    slots, height, width = cgutils.unpack_tuple(builder, data["products"].shape, 3)
    row, gene, begin, start, lanes = (
        builder.sext(given[name], ir.IntType(64)) if given[name].type.width < 64 else given[name]
        for name in ("row", "gene", "begin", "start", "lanes")
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
                place = builder.gep(data["products"].data, [builder.add(line, at)])
                product = builder.load(builder.bitcast(place, VECTOR.as_pointer()), align=4)
                theirs = block.load(scale, slot.index, builder.add(begin, at))
                value = _fisher_z(block, product, builder.fmul(row_scale, theirs), clip)
                block.save(value, z, slot.index, at)
                at_limit = builder.fcmp_ordered(">=", block.magnitude(value), limit)
                with builder.if_then(block.any(at_limit), likely=False):
                    counts = builder.and_(at_limit, block.between(at, start, lanes))
                    builder.store(builder.add(builder.load(clipped), builder.zext(counts, INTEGERS)), clipped)
    return block.total(builder.load(clipped))


NAMES = ("products", "row", "scale", "gene", "begin", "largest", "limits", "n", "start", "lanes", "z")
ARRAYS = ("products", "largest", "limits", "n")


def _fisher_z(block: Block, product: Any, scale: Any, clip: Any) -> Any:
    builder = block.builder
    denominator = block.larger(scale, block.constant(TINY))
    least = builder.fmul(denominator, clip)
    most = block.fma(block.constant(2.0), denominator, builder.fneg(least))
    plus = block.smaller(block.larger(builder.fadd(denominator, product), least), most)
    minus = block.smaller(block.larger(builder.fsub(denominator, product), least), most)
    return half_log_ratio(block, plus, minus)


def half_log_ratio(block: Block, a: Any, b: Any) -> Any:
    """1/2 ln(a / b) of positive, normal float32, to 2e-7 of its value or 3e-8.

    With e the whole number that the difference of their bits, read as integers, is nearest to (Mitchell's logarithm,
    1962): a / b = 2^e x, x between 2/3 and 3/2, and 1/2 ln x = artanh(s) with s = (x - 1) / (x + 1), |s| <= 1/5.
    """
    builder = block.builder
    shift = block.integers(23)
    bits, others = builder.bitcast(a, INTEGERS), builder.bitcast(b, INTEGERS)
    apart = builder.add(builder.sub(bits, others), block.integers(1 << 22))
    exponent = builder.ashr(apart, shift)
    near = builder.bitcast(builder.sub(bits, builder.shl(exponent, shift)), VECTOR)
    s = builder.fdiv(builder.fsub(near, b), builder.fadd(near, b))
    t = builder.fmul(s, s)
    y = block.constant(POLYNOMIAL[0])
    for coefficient in POLYNOMIAL[1:]:
        y = block.fma(y, t, block.constant(coefficient))
    y = block.fma(y, builder.fmul(s, t), s)
    return block.fma(builder.sitofp(exponent, VECTOR), block.constant(HALF_LN2), y)
