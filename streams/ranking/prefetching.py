"""Asking for memory before it is needed: a compiled loop that jumps between rows waits for most of them otherwise.

A request reads some ten thousand rows that lie anywhere in arrays of a hundred megabytes. The processor loads several
at once if it is told in time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, cast

from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np.arrayobj import make_array

#: Rows to look ahead: far enough that memory answers, near enough that the line is still there.
AHEAD = 6
#: Where a row takes but a few nanoseconds.
FAR_AHEAD = 16
#: For reading, to be kept in all caches, data.
_HOW: Final = (0, 3, 1)
#: Numba's tools for code generation, which say nothing of types.
_tools: Any = cgutils
_array_at: Any = make_array


@intrinsic
def _fetch_line(_: Any, array: Any, row: Any, column: Any) -> tuple[Any, Any]:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = signature.args[0]
        found = _array_at(kind)(context, builder, arguments[0])
        wanted = [
            context.cast(builder, value, given, types.intp)
            for value, given in zip(arguments[1:], signature.args[1:], strict=True)
        ]
        pointer = _tools.get_item_pointer(context, builder, kind, found, wanted[: kind.ndim])
        number, line = _tools.ir.IntType(32), _tools.voidptr_t
        kind_of_call = _tools.ir.FunctionType(_tools.ir.VoidType(), [line, number, number, number])
        prefetch = _tools.get_or_insert_function(builder.module, kind_of_call, "llvm.prefetch.p0")
        how = [_tools.ir.Constant(number, value) for value in _HOW]
        builder.call(prefetch, [builder.bitcast(pointer, line), *how])
        return context.get_dummy_value()

    return types.none(array, row, column), generate


#: (array, row, column): load the cache line of array[row, column], or of array[row] where it is flat. Changes nothing
#: and waits for nothing; for compiled loops only.
fetch: Final = cast("Callable[[Any, int, int], None]", _fetch_line)
