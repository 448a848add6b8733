"""Tells the compiler which functions of a loop to put in the place of their calls.

A call makes the processor put all vectors out of its registers and get them back, and numba's functions take
an array as seven numbers. The compiler weighs that by a function's length alone.
"""

from aspsfusion import numba_types as types
from aspsfusion.compiled import intrinsic


@intrinsic
def inlined(typing_context):  # type: ignore[no-untyped-def]
    """Have the function in which this stands put in the place of each of its calls, however long it is."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        builder.function.attributes.add("alwaysinline")
        return context.get_dummy_value()

    return types.void(), generate


@intrinsic
def kept_apart(typing_context):  # type: ignore[no-untyped-def]
    """Have the function in which this stands called always: it is needed rarely, and would be in the way."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        builder.function.attributes.add("noinline")
        return context.get_dummy_value()

    return types.void(), generate
