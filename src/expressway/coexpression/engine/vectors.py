"""Vector code, written out for LLVM: instructions on a block of pairs that stays in registers.

What numba makes of the formulas of a row is one loop for each sum, which reads and writes its totals again for every
study, and plain code where loops grow together. Each operation here is one rounding in a fixed order, so a pair gets
the same bits whichever block it stands in.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import cgutils

WIDTH = 16
"""Pairs of a block: one AVX-512 register, two of AVX2, four of NEON."""

FLOAT = ir.FloatType()
INDEX = ir.IntType(64)
VECTOR = ir.VectorType(FLOAT, WIDTH)
INTEGERS = ir.VectorType(ir.IntType(32), WIDTH)


class Block:
    """Instructions on a block of pairs."""

    def __init__(self, builder: Any) -> None:
        self.builder = builder

    def constant(self, value: float) -> Any:
        """One number in every lane, rounded to float32."""
        return ir.Constant(VECTOR, [float(np.float32(value))] * WIDTH)

    def integers(self, value: int) -> Any:
        """One whole number in every lane."""
        return ir.Constant(INTEGERS, [value] * WIDTH)

    def spread(self, value: Any) -> Any:
        """A float32 in every lane."""
        one = self.builder.insert_element(ir.Constant(VECTOR, ir.Undefined), value, ir.Constant(ir.IntType(32), 0))
        return self.builder.shuffle_vector(one, one, self.integers(0))

    def between(self, at: Any, low: Any, high: Any) -> Any:
        """Whether `at` and the numbers after it are at least `low` and below `high`."""
        lane = ir.Constant(INTEGERS, list(range(WIDTH)))
        bounds = [self.builder.trunc(self.builder.sub(bound, at), ir.IntType(32)) for bound in (low, high)]
        least, most = (self.spread_integer(bound) for bound in bounds)
        reached = self.builder.icmp_signed(">=", lane, least)
        return self.builder.and_(reached, self.builder.icmp_signed("<", lane, most))

    def spread_integer(self, value: Any) -> Any:
        """An int32 in every lane."""
        one = self.builder.insert_element(ir.Constant(INTEGERS, ir.Undefined), value, ir.Constant(ir.IntType(32), 0))
        return self.builder.shuffle_vector(one, one, self.integers(0))

    def any(self, lanes: Any) -> Any:
        """Whether something holds in one of the lanes."""
        bits = ir.IntType(WIDTH)
        return self.builder.icmp_unsigned("!=", self.builder.bitcast(lanes, bits), ir.Constant(bits, 0))

    def total(self, counts: Any) -> Any:
        """The sum of the lanes of whole numbers."""
        lanes = [self.builder.extract_element(counts, ir.Constant(ir.IntType(32), lane)) for lane in range(WIDTH)]
        wide = [self.builder.sext(lane, INDEX) for lane in lanes]
        total = wide[0]
        for lane in wide[1:]:
            total = self.builder.add(total, lane)
        return total

    def variable(self, value: Any) -> Any:
        place = cgutils.alloca_once(self.builder, VECTOR)
        self.builder.store(value, place)
        return place

    def read(self, place: Any) -> Any:
        return self.builder.load(place)

    def write(self, value: Any, place: Any) -> None:
        self.builder.store(value, place)

    def load(self, table: Table, row: Any, at: Any) -> Any:
        return self.builder.load(table.place(self.builder, row, at), align=4)

    def save(self, value: Any, table: Table, row: Any, at: Any) -> None:
        self.builder.store(value, table.place(self.builder, row, at), align=4)

    def fma(self, a: Any, b: Any, c: Any) -> Any:
        """a * b + c, rounded once."""
        return self.builder.call(self._function("llvm.fma.v16f32", 3), [a, b, c])

    def root(self, a: Any) -> Any:
        return self.builder.call(self._function("llvm.sqrt.v16f32", 1), [a])

    def magnitude(self, a: Any) -> Any:
        return self.builder.call(self._function("llvm.fabs.v16f32", 1), [a])

    def larger(self, a: Any, b: Any) -> Any:
        """The larger of both; the second where either is NaN."""
        return self.builder.select(self.builder.fcmp_ordered(">", a, b), a, b)

    def smaller(self, a: Any, b: Any) -> Any:
        """The smaller of both; the second where either is NaN."""
        return self.builder.select(self.builder.fcmp_ordered("<", a, b), a, b)

    def _function(self, name: str, arguments: int) -> Any:
        kind = ir.FunctionType(VECTOR, [VECTOR] * arguments)
        return cgutils.get_or_insert_function(self.builder.module, kind, name)


class Table:
    """A float32 array of two dimensions, its rows one after the other."""

    def __init__(self, context: Any, builder: Any, kind: Any, value: Any) -> None:
        array = context.make_array(kind)(context, builder, value)
        self.data = array.data
        self.columns = cgutils.unpack_tuple(builder, array.shape, 2)[1]

    def place(self, builder: Any, row: Any, at: Any) -> Any:
        index = builder.add(builder.mul(row, self.columns), at)
        return builder.bitcast(builder.gep(self.data, [index]), VECTOR.as_pointer())


def index(value: int) -> Any:
    """A whole number, for rows and columns."""
    return ir.Constant(INDEX, value)
