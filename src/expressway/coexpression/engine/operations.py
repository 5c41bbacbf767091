"""The machine operations the kernel is made of, each exact to the last bit and the same in scalar and vector code.

numba neither fuses a product with a sum nor reads the bits of a float unless it may also reorder sums. These do just
that, so that a pair gets the same float32 statistics in any tile, on any lane and on any thread.
"""

from __future__ import annotations

import platform
from collections.abc import Callable
from typing import Any, TypeVar, cast

import llvmlite.binding as llvm
import numpy as np
from llvmlite import ir
from numba import config, njit, types
from numba.core import cgutils
from numba.extending import intrinsic

Function = TypeVar("Function", bound=Callable[..., Any])
F32 = np.float32
TINY = F32(1e-30)
ONE, HALF, ZERO = F32(1), F32(0.5), F32(0)

if platform.machine() in {"x86_64", "AMD64"} and not config.CPU_FEATURES:
    # LLVM prefers vectors of half the width that the processor has; the kernel is faster with whole ones.
    config.CPU_FEATURES = f"{llvm.get_host_cpu_features().flatten()},-prefer-256-bit"


def compiled(function: Function) -> Function:
    """The function compiled on its first call, kept on disk, run without the interpreter's lock."""
    return cast("Function", njit(nogil=True, error_model="numpy", cache=True)(function))


@intrinsic  # type: ignore[untyped-decorator]
def fma(_typing: Any, _a: Any, _b: Any, _c: Any) -> Any:
    """a * b + c, rounded once."""
    native = ir.FunctionType(ir.FloatType(), [ir.FloatType()] * 3)

    def generate(_context: Any, builder: Any, _signature: Any, values: Any) -> Any:
        return builder.call(cgutils.get_or_insert_function(builder.module, native, "llvm.fma.f32"), values)

    return types.float32(*[types.float32] * 3), generate


@intrinsic  # type: ignore[untyped-decorator]
def bits(_typing: Any, _value: Any) -> Any:
    """The 32 bits of a float32."""
    return types.int32(types.float32), lambda _context, builder, _signature, values: builder.bitcast(
        values[0], ir.IntType(32)
    )


@intrinsic  # type: ignore[untyped-decorator]
def from_bits(_typing: Any, _value: Any) -> Any:
    """The float32 of 32 bits."""
    return types.float32(types.int32), lambda _context, builder, _signature, values: builder.bitcast(
        values[0], ir.FloatType()
    )


@intrinsic  # type: ignore[untyped-decorator]
def larger(_typing: Any, _a: Any, _b: Any) -> Any:
    """The larger of two float32; the second when either is NaN."""
    return types.float32(types.float32, types.float32), lambda _context, builder, _signature, values: builder.select(
        builder.fcmp_ordered(">", *values), *values
    )


@intrinsic  # type: ignore[untyped-decorator]
def smaller(_typing: Any, _a: Any, _b: Any) -> Any:
    """The smaller of two float32; the second when either is NaN."""
    return types.float32(types.float32, types.float32), lambda _context, builder, _signature, values: builder.select(
        builder.fcmp_ordered("<", *values), *values
    )


ROOT_HALF = np.int32(0x3F3504F3)
LN2_HIGH, LN2_LOW = F32(0.693359375), F32(-2.12194440e-4)
C0, C1, C2, C3, C4, C5, C6, C7, C8 = (
    F32(c)
    for c in (
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
)


@njit(inline="always")  # type: ignore[untyped-decorator]
def logarithm(x: Any) -> Any:
    """The natural logarithm of a positive, normal float32, to 8e-8 of its value (1e-10 near 1).

    x = 2^e (1 + f) with 1 + f between sqrt(1/2) and sqrt(2); ln(1 + f) = f - f^2/2 + f^3 times the minimax polynomial
    of degree 8 of the Cephes library (`logf`; Moshier 1989).
    """
    pattern = bits(x)
    exponent = (pattern - ROOT_HALF) >> np.int32(23)
    f = from_bits(pattern - (exponent << np.int32(23))) - ONE
    square = f * f
    y = fma(C0, f, C1)
    y = fma(y, f, C2)
    y = fma(y, f, C3)
    y = fma(y, f, C4)
    y = fma(y, f, C5)
    y = fma(y, f, C6)
    y = fma(y, f, C7)
    y = fma(y, f, C8)
    e = types.float32(exponent)
    y = fma(-HALF, square, fma(LN2_LOW, e, y * (f * square)))
    return fma(LN2_HIGH, e, f + y)
