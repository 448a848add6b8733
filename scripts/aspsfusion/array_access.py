"""Reads and writes single elements of arrays in compiled loops, without the care that Python takes of them.

Numba counts a negative index from the array's end, and unless it can prove that there is none, each access
takes three or four instructions more to find out. That is too many in loops that run for each record.
"""

from aspsfusion import numba_types as types
from aspsfusion.compiled import intrinsic
from aspsfusion.vector_loads import BYTE, load


@intrinsic
def byte_at(typing_context, array, offset):  # type: ignore[no-untyped-def]
    """Return the byte at an offset, which must not be negative."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        return load(context, builder, signature.args[0], *arguments, kind=BYTE)

    return types.uint8(array, types.int64), generate


@intrinsic
def put(typing_context, array, index, value):  # type: ignore[no-untyped-def]
    """Write an element of an array; the index must not be negative."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        kind = signature.args[0]
        base = context.make_array(kind)(context, builder, arguments[0]).data
        converted = context.cast(builder, arguments[2], signature.args[2], kind.dtype)
        stored = context.get_value_as_data(builder, kind.dtype, converted)
        builder.store(stored, builder.gep(base, [arguments[1]]))
        return context.get_dummy_value()

    return types.void(array, types.int64, value), generate
