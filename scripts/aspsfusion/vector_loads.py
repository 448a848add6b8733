"""Sixty-four bytes at a time: the few vector instructions that the screen's kernels are made of.

Numba compiles loops over single bytes; what makes the screen fast are loads of 64 bytes that become one
64-bit mask. They are written in LLVM's own vector types, so that every processor gets them in the widest
form that it has. All of them read 64 bytes from an offset, whatever the alignment: the caller keeps
`LOAD_BYTES` readable bytes behind everything that it looks at.
"""

from typing import Any

from llvmlite import ir

from aspsfusion import numba_types as types
from aspsfusion.compiled import intrinsic

LOAD_BYTES = 64
"""Bytes of one load."""

BYTE = ir.IntType(8)
WORD = ir.IntType(64)
BYTES = ir.VectorType(BYTE, LOAD_BYTES)

_HASH_MULTIPLIERS = [
    0xE220A8397B1DCDAF,
    0x6E789E6AA1B965F5,
    0x06C45D188009454F,
    0xF88BB8A8724C81ED,
    0x1B39896A51A8749B,
    0x53CB9F0C747EA2EB,
    0x2C829ABE1F4532E1,
    0xC584133AC916AB3D,
]
"""Odd numbers without a pattern (the first values of SplitMix64, Steele 2014, lowest bit set): multiples of
one number would let a digit that rises in one word make up for one that falls in another."""


def address(context: Any, builder: Any, array_type: Any, array: Any, offset: Any) -> Any:
    """Return the pointer to an array's element; elements are bytes."""
    pointer = context.make_array(array_type)(context, builder, array).data
    return builder.gep(builder.bitcast(pointer, BYTE.as_pointer()), [offset])


def load(context: Any, builder: Any, array_type: Any, array: Any, offset: Any, *, kind: Any) -> Any:
    """Return what stands from an array's element on as a value of a kind, whatever its alignment."""
    pointer = builder.bitcast(address(context, builder, array_type, array, offset), kind.as_pointer())
    value = builder.load(pointer)
    value.align = 1
    return value


def splat(value: int, kind: Any = BYTES) -> Any:
    """Return a vector that holds one number everywhere."""
    return ir.Constant(kind, [value] * kind.count)


def function(builder: Any, kind: Any, name: str) -> Any:
    """Return one of LLVM's own functions."""
    found = builder.module.globals.get(name)
    return ir.Function(builder.module, kind, name) if found is None else found


def _reduced_sum(builder: Any, vector: Any, kind: Any) -> Any:
    name = f"llvm.vector.reduce.add.v{kind.count}{kind.element.intrinsic_name}"
    signature = ir.FunctionType(kind.element, [kind])
    return builder.call(function(builder, signature, name), [vector])


def mask_of(builder: Any, truths: Any) -> Any:
    """Return 64 truth values as the bits of a number, the first one lowest."""
    return builder.bitcast(truths, WORD)


@intrinsic
def newlines(typing_context, array, offset):  # type: ignore[no-untyped-def]
    """Mark the line ends among 64 bytes: bit i of the result stands for byte offset + i."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        loaded = load(context, builder, signature.args[0], *arguments, kind=BYTES)
        return mask_of(builder, builder.icmp_unsigned("==", loaded, splat(10)))

    return types.uint64(array, types.int64), generate


@intrinsic
def blanks(typing_context, array, offset):  # type: ignore[no-untyped-def]
    """Mark spaces, tabs, line ends and other control characters among 64 bytes."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        loaded = load(context, builder, signature.args[0], *arguments, kind=BYTES)
        return mask_of(builder, builder.icmp_unsigned("<=", loaded, splat(32)))

    return types.uint64(array, types.int64), generate


@intrinsic
def guanines_and_cytosines(typing_context, array, offset):  # type: ignore[no-untyped-def]
    """Mark G and C, upper or lower case, among 64 bytes."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        loaded = load(context, builder, signature.args[0], *arguments, kind=BYTES)
        # C, G, c and g differ in the bits 0x24 alone.
        folded = builder.or_(loaded, splat(0x24))
        return mask_of(builder, builder.icmp_unsigned("==", folded, splat(ord("g"))))

    return types.uint64(array, types.int64), generate


@intrinsic
def unknown_bases(typing_context, array, offset):  # type: ignore[no-untyped-def]
    """Mark N, upper or lower case, and the dot that old instruments wrote for it, among 64 bytes."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        loaded = load(context, builder, signature.args[0], *arguments, kind=BYTES)
        letter = builder.icmp_unsigned("==", builder.or_(loaded, splat(0x20)), splat(ord("n")))
        dot = builder.icmp_unsigned("==", loaded, splat(ord(".")))
        return mask_of(builder, builder.or_(letter, dot))

    return types.uint64(array, types.int64), generate


@intrinsic
def perhaps_unknown(typing_context, array, offset):  # type: ignore[no-untyped-def]
    """Mark what `unknown_bases` marks, and other letters, but no A, C, G, T and U, upper or lower case."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        loaded = load(context, builder, signature.args[0], *arguments, kind=BYTES)
        # N and dot have the bit 8, the bases have not.
        return mask_of(builder, builder.icmp_unsigned("!=", builder.and_(loaded, splat(8)), splat(0)))

    return types.uint64(array, types.int64), generate


@intrinsic
def called_bases(typing_context, array, offset):  # type: ignore[no-untyped-def]
    """Mark A, C, G, T and U, upper or lower case, among 64 bytes."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        loaded = load(context, builder, signature.args[0], *arguments, kind=BYTES)
        lower = builder.or_(loaded, splat(0x20))
        found = builder.icmp_unsigned("==", lower, splat(ord("a")))
        for letter in "cgtu":
            found = builder.or_(found, builder.icmp_unsigned("==", lower, splat(ord(letter))))
        return mask_of(builder, found)

    return types.uint64(array, types.int64), generate


def _first_bytes(builder: Any, count: Any) -> Any:
    """Return a vector of ones in the first bytes, as many as told, and zeros behind them.

    It is loaded from a constant: made from a mask of bits it would be taken apart in the sum below.
    """
    kind = ir.ArrayType(BYTE, 2 * LOAD_BYTES)
    name = "aspsfusion.first_bytes"
    table = builder.module.globals.get(name)
    if table is None:
        table = ir.GlobalVariable(builder.module, kind, name)
        table.global_constant = True
        table.linkage = "internal"
        table.initializer = ir.Constant(kind, [255] * LOAD_BYTES + [0] * LOAD_BYTES)
    start = builder.sub(WORD(LOAD_BYTES), count)
    where = builder.gep(builder.bitcast(table, BYTE.as_pointer()), [start])
    ones = builder.load(builder.bitcast(where, BYTES.as_pointer()))
    ones.align = 1
    return ones


def _kept_bytes(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    """Return the first ones of 64 bytes, as many as told, and zeros for the others."""
    loaded = load(context, builder, signature.args[0], *arguments[:2], kind=BYTES)
    return builder.and_(loaded, _first_bytes(builder, arguments[2]))


@intrinsic
def sum_of_bytes(typing_context, array, offset, count):  # type: ignore[no-untyped-def]
    """Add up the first ones of 64 bytes, `count` of them, which is at most 64."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        kept = _kept_bytes(context, builder, signature, arguments)
        wide = ir.VectorType(ir.IntType(32), LOAD_BYTES)
        return builder.zext(_reduced_sum(builder, builder.zext(kept, wide), wide), WORD)

    return types.int64(array, types.int64, types.int64), generate


@intrinsic
def newlines_within(typing_context, array, offset, count):  # type: ignore[no-untyped-def]
    """Mark the line ends among the first ones of 64 bytes, `count` of them, which is at most 64."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        kept = _kept_bytes(context, builder, signature, arguments)
        return mask_of(builder, builder.icmp_unsigned("==", kept, splat(10)))

    return types.uint64(array, types.int64, types.int64), generate


@intrinsic
def at_least_within(typing_context, array, offset, count, least):  # type: ignore[no-untyped-def]
    """Mark the bytes that are not below a value among the first ones of 64 bytes.

    The value is above 0, and `count` at most 64.
    """

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        kept = _kept_bytes(context, builder, signature, arguments)
        same = ir.Constant(BYTES, ir.Undefined)
        same = builder.insert_element(same, builder.trunc(arguments[3], BYTE), ir.IntType(32)(0))
        lanes = ir.Constant(ir.VectorType(ir.IntType(32), LOAD_BYTES), [0] * LOAD_BYTES)
        same = builder.shuffle_vector(same, ir.Constant(BYTES, ir.Undefined), lanes)
        return mask_of(builder, builder.icmp_unsigned(">=", kept, same))

    return types.uint64(array, types.int64, types.int64, types.int64), generate


@intrinsic
def hash_of_bytes(typing_context, array, offset, chosen):  # type: ignore[no-untyped-def]
    """Hash those of 64 bytes whose bit is set in a mask.

    Each word of eight bytes is multiplied by an odd number of its own, and the products are added: bytes
    that differ within one word never collide, others by a chance of about 2^-64.
    """

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        loaded = load(context, builder, signature.args[0], *arguments[:2], kind=BYTES)
        truths = builder.bitcast(arguments[2], ir.VectorType(ir.IntType(1), LOAD_BYTES))
        kept = builder.select(truths, loaded, splat(0))
        words = ir.VectorType(WORD, LOAD_BYTES // 8)
        products = builder.mul(builder.bitcast(kept, words), ir.Constant(words, _HASH_MULTIPLIERS))
        return _reduced_sum(builder, products, words)

    return types.uint64(array, types.int64, types.uint64), generate


@intrinsic
def prefetch(typing_context, array, index):  # type: ignore[no-untyped-def]
    """Ask for the memory of an array's element, which is read soon; no element has to be there."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        base = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        # One kind of pointer whatever the array holds: LLVM's function is declared once.
        where = builder.bitcast(builder.gep(base, [arguments[1]]), BYTE.as_pointer())
        number = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [where.type, number, number, number])
        fetch = function(builder, kind, "llvm.prefetch.p0")
        builder.call(fetch, [where, number(0), number(3), number(1)])  # to read, into the nearest cache, data
        return context.get_dummy_value()

    return types.void(array, types.int64), generate


@intrinsic
def load_64(typing_context, array, offset):  # type: ignore[no-untyped-def]
    """Return the eight bytes from an offset as a number, the first one lowest (little-endian)."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        return load(context, builder, signature.args[0], *arguments, kind=WORD)

    return types.uint64(array, types.int64), generate


@intrinsic
def lowest_bit(typing_context, mask):  # type: ignore[no-untyped-def]
    """Return the number of the lowest bit that is set, 64 when there is none."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        return builder.cttz(arguments[0], ir.IntType(1)(0))

    return types.int64(types.uint64), generate


@intrinsic
def count_bits(typing_context, mask):  # type: ignore[no-untyped-def]
    """Return how many bits are set."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        return builder.ctpop(arguments[0])

    return types.int64(types.uint64), generate
