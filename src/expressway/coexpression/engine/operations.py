"""The operations that weights are made of, each exact to the last bit and the same in scalar and vector code.

numba does not fuse a product with a sum unless it may also reorder sums. These do just
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
ONE, ZERO = F32(1), F32(0)

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
def larger(_typing: Any, _a: Any, _b: Any) -> Any:
    """The larger of two float32; the second when either is NaN."""
    return types.float32(types.float32, types.float32), lambda _context, builder, _signature, values: builder.select(
        builder.fcmp_ordered(">", *values), *values
    )
