"""The pooling of one row of a tile: contrasts, both stages of pooling, nine squared z statistics, in float32."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from expressway.coexpression.engine.layout import CASE, REFERENCE
from expressway.coexpression.engine.vectors import WIDTH, Block, Table, index
from expressway.coexpression.engine.weights import METRICS, SOTH, SS

COHORTS = 2
"""Metrics from here on are the cohorts themselves."""


@intrinsic  # type: ignore[untyped-decorator]
def pool_row(
    _typing: Any,
    z: Any,
    contrasts: Any,
    weights: Any,
    spreads: Any,
    shares: Any,
    inverse_sum: Any,
    inverse_c: Any,
    degrees: Any,
    groups: Any,
    labels: Any,
    fixed: Any,
    out: Any,
) -> Any:
    """From z of every slot to z^2 of the nine families; all tables have the same number of columns, a multiple of 16.

    Args:
        z: (slots, lanes).
        contrasts: room for the two contrasts of every study, (2 x studies, lanes).
        weights: 1/V of every metric and study; `spreads` has V, `shares` the shares of the cohorts among the others.
        inverse_sum: 1/S1 of every metric and technology; `inverse_c` has 1/C, `degrees` k - 1.
        groups: the first study of every technology, then the number of studies.
        labels: slots of a study.
        fixed: equal effects: no variance between studies.
        out: filled here, (families and one more, lanes): z^2, and the largest of the first three, -1 without any.
    """
    kinds = (z, contrasts, weights, spreads, shares, inverse_sum, inverse_c, degrees, groups, labels, fixed, out)
    return types.void(*kinds), _generate


def _generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
    kinds = signature.args
    z, contrasts, weights, spreads, shares, inverse_sum, inverse_c, degrees = (
        Table(context, builder, kind, value) for kind, value in zip(kinds[:8], values[:8], strict=True)
    )
    out = Table(context, builder, kinds[11], values[11])
    groups = context.make_array(kinds[8])(context, builder, values[8])
    technologies = builder.sub(cgutils.unpack_tuple(builder, groups.shape, 1)[0], index(1))
    labels, fixed = values[9], builder.trunc(values[10], ir.IntType(1)) if values[10].type.width > 1 else values[10]
    block = Block(builder)

    def first_study(group: Any) -> Any:
        return builder.load(builder.gep(groups.data, [group]))

    studies = first_study(technologies)
    with cgutils.for_range_slice(builder, index(0), z.columns, index(WIDTH), inc=True) as (at, _):
        with cgutils.for_range(builder, studies) as study:
            _contrast(block, z, shares, contrasts, study.index, labels, at)
        pooled = []
        for metric in range(METRICS):
            total, weighted = block.variable(block.constant(0.0)), block.variable(block.constant(0.0))
            estimate = _estimates(block, metric, z, contrasts, labels, at)
            with cgutils.for_range(builder, technologies) as group:
                span = (first_study(group.index), first_study(builder.add(group.index, index(1))))
                cell = builder.add(builder.mul(index(metric), technologies), group.index)
                start = builder.mul(index(metric), studies)
                tables = (weights, spreads, inverse_sum, inverse_c, degrees)
                _pool(block, estimate, tables, span, (start, cell), fixed, at, (total, weighted))
            pooled.append((block.read(total), block.read(weighted)))
        squares = _statistics(block, pooled)
        best = block.larger(squares[0], block.larger(squares[1], block.larger(squares[2], block.constant(-1.0))))
        for row, value in enumerate([*squares, best]):
            block.save(value, out, index(row), at)
    return context.get_dummy_value()


def _contrast(block: Block, z: Table, shares: Table, contrasts: Table, study: Any, labels: Any, at: Any) -> None:
    """z of the case less that of the reference, and less that of the others weighed by their shares."""
    builder = block.builder
    first = builder.mul(study, labels)
    case = block.load(z, builder.add(first, index(CASE)), at)
    reference = block.load(z, builder.add(first, index(REFERENCE)), at)
    others = block.variable(block.constant(0.0))
    with cgutils.for_range(builder, labels) as label:
        slot = builder.add(first, label.index)
        block.write(block.fma(block.load(shares, slot, at), block.load(z, slot, at), block.read(others)), others)
    row = builder.mul(study, index(2))
    block.save(builder.fsub(case, reference), contrasts, row, at)
    block.save(builder.fsub(case, block.read(others)), contrasts, builder.add(row, index(1)), at)


def _estimates(block: Block, metric: int, z: Table, contrasts: Table, labels: Any, at: Any) -> Callable[[Any], Any]:
    """How the estimate of a metric in a study is read."""
    builder = block.builder
    if metric < COHORTS:
        return lambda study: block.load(contrasts, builder.add(builder.mul(study, index(2)), index(metric)), at)
    return lambda study: block.load(z, builder.add(builder.mul(study, labels), index(metric - COHORTS)), at)


def _pool(
    block: Block,
    estimate: Callable[[Any], Any],
    tables: tuple[Table, ...],
    span: tuple[Any, Any],
    rows: tuple[Any, Any],
    fixed: Any,
    at: Any,
    totals: tuple[Any, Any],
) -> None:
    """Add W = sum w* and T = sum w* x of the studies of one technology: w* = 1 / (V + tau^2), tau^2 by DL."""
    builder = block.builder
    weights, spreads, inverse_sum, inverse_c, degrees = tables
    start, cell = rows
    zero, one = block.constant(0.0), block.constant(1.0)
    sum_of = block.variable(zero)
    with cgutils.for_range_slice(builder, *span, index(1), inc=True) as (study, _):
        weight = block.load(weights, builder.add(start, study), at)
        block.write(block.fma(weight, estimate(study), block.read(sum_of)), sum_of)
    mean = builder.fmul(block.read(sum_of), block.load(inverse_sum, cell, at))
    tau2 = block.variable(zero)
    with builder.if_then(builder.not_(fixed)):
        scatter = block.variable(zero)
        with cgutils.for_range_slice(builder, *span, index(1), inc=True) as (study, _):
            d = builder.fsub(estimate(study), mean)
            weight = block.load(weights, builder.add(start, study), at)
            block.write(block.fma(builder.fmul(weight, d), d, block.read(scatter)), scatter)
        excess = builder.fsub(block.read(scatter), block.load(degrees, cell, at))
        block.write(block.larger(builder.fmul(excess, block.load(inverse_c, cell, at)), zero), tau2)
    between = block.read(tau2)
    total, weighted = totals
    with cgutils.for_range_slice(builder, *span, index(1), inc=True) as (study, _):
        spread = block.load(spreads, builder.add(start, study), at)
        weight = builder.fdiv(one, builder.fadd(spread, between))
        block.write(builder.fadd(block.read(total), weight), total)
        block.write(block.fma(weight, estimate(study), block.read(weighted)), weighted)


def _statistics(block: Block, pooled: list[tuple[Any, Any]]) -> list[Any]:
    """z^2 of the nine families from W and T of ss, soth and the cohorts; NaN where there is no study.

    Of an estimate T/W it is T^2/W, of the difference of two (T_a W_b - T_b W_a)^2 / (W_a W_b (W_a + W_b)). The
    contrasts share the case cohort: their covariance on the scale of the weights is min(W_ss, sqrt(W_ss W_soth)).
    """
    builder = block.builder

    def ratio(numerator: Any, denominator: Any) -> Any:
        return builder.fdiv(builder.fmul(numerator, numerator), denominator)

    def difference(a: tuple[Any, Any], b: tuple[Any, Any]) -> Any:
        gap = block.fma(a[1], b[0], builder.fneg(builder.fmul(b[1], a[0])))
        return ratio(gap, builder.fmul(builder.fmul(a[0], b[0]), builder.fadd(a[0], b[0])))

    ss, soth = pooled[SS], pooled[SOTH]
    case, reference, control = pooled[COHORTS:]
    covariance = block.smaller(ss[0], block.root(builder.fmul(ss[0], soth[0])))
    variance = builder.fadd(builder.fadd(ss[0], soth[0]), builder.fmul(block.constant(2.0), covariance))
    combined = ratio(builder.fadd(ss[1], soth[1]), variance)
    pairs = ((case, reference), (case, control), (reference, control))
    families = [ratio(ss[1], ss[0]), ratio(soth[1], soth[0]), combined]
    families += [ratio(cohort[1], cohort[0]) for cohort in (control, reference, case)]
    return families + [difference(a, b) for a, b in pairs]
