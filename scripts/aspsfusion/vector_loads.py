"""Sixty-four bytes at a time: the few vector instructions that the screen's kernels are made of.

Numba compiles loops over single bytes; what makes the screen fast are loads of 64 bytes that become one
64-bit mask. They are written in LLVM's own vector types, so that every processor gets them in the widest
form that it has. All of them read 64 bytes from an offset, whatever the alignment: the caller keeps
`LOAD_BYTES` readable bytes behind everything that it looks at.
"""

from collections.abc import Callable
from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import extending, types
from numba.core import cgutils

intrinsic: Callable[[Callable[..., Any]], Any] = extending.intrinsic

LOAD_BYTES = 64
"""Bytes of one load."""

_BYTE = ir.IntType(8)
_WORD = ir.IntType(64)
_BYTES = ir.VectorType(_BYTE, LOAD_BYTES)
_LANES = ir.VectorType(ir.IntType(32), LOAD_BYTES // 4)
_POINTERS = ir.VectorType(ir.PointerType(), LOAD_BYTES // 4)
_PACK = 0x01041040
"""Moves the two low bits of each byte of a 32-bit lane side by side into its upper byte."""

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


def _address(context: Any, builder: Any, array_type: Any, array: Any, offset: Any) -> Any:
    pointer = context.make_array(array_type)(context, builder, array).data
    return builder.gep(builder.bitcast(pointer, _BYTE.as_pointer()), [offset])


def _load(context: Any, builder: Any, array_type: Any, array: Any, offset: Any, *, kind: Any) -> Any:
    pointer = builder.bitcast(_address(context, builder, array_type, array, offset), kind.as_pointer())
    value = builder.load(pointer)
    value.align = 1
    return value


def _splat(value: int, kind: Any = _BYTES) -> Any:
    return ir.Constant(kind, [value] * kind.count)


def _in_all_lanes(builder: Any, value: Any) -> Any:
    empty = ir.Constant(_LANES, ir.Undefined)
    first = builder.insert_element(empty, value, ir.IntType(32)(0))
    return builder.shuffle_vector(first, empty, _splat(0, _LANES))


def _function(builder: Any, kind: Any, name: str) -> Any:
    return cgutils.get_or_insert_function(builder.module, kind, name)  # type: ignore[no-untyped-call]


def _reduced_sum(builder: Any, vector: Any, kind: Any) -> Any:
    name = f"llvm.vector.reduce.add.v{kind.count}{kind.element.intrinsic_name}"
    signature = ir.FunctionType(kind.element, [kind])
    return builder.call(_function(builder, signature, name), [vector])


def _mask(builder: Any, truths: Any) -> Any:
    return builder.bitcast(truths, _WORD)


@intrinsic
def newlines(typing_context, array, offset):  # type: ignore[no-untyped-def]
    """Mark the line ends among 64 bytes: bit i of the result stands for byte offset + i."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        loaded = _load(context, builder, signature.args[0], *arguments, kind=_BYTES)
        return _mask(builder, builder.icmp_unsigned("==", loaded, _splat(10)))

    return types.uint64(array, types.int64), generate


@intrinsic
def blanks(typing_context, array, offset):  # type: ignore[no-untyped-def]
    """Mark spaces, tabs, line ends and other control characters among 64 bytes."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        loaded = _load(context, builder, signature.args[0], *arguments, kind=_BYTES)
        return _mask(builder, builder.icmp_unsigned("<=", loaded, _splat(32)))

    return types.uint64(array, types.int64), generate


@intrinsic
def guanines_and_cytosines(typing_context, array, offset):  # type: ignore[no-untyped-def]
    """Mark G and C, upper or lower case, among 64 bytes."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        loaded = _load(context, builder, signature.args[0], *arguments, kind=_BYTES)
        # C, G, c and g differ in the bits 0x24 alone.
        folded = builder.or_(loaded, _splat(0x24))
        return _mask(builder, builder.icmp_unsigned("==", folded, _splat(ord("g"))))

    return types.uint64(array, types.int64), generate


@intrinsic
def unknown_bases(typing_context, array, offset):  # type: ignore[no-untyped-def]
    """Mark N, upper or lower case, and the dot that old instruments wrote for it, among 64 bytes."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        loaded = _load(context, builder, signature.args[0], *arguments, kind=_BYTES)
        letter = builder.icmp_unsigned("==", builder.or_(loaded, _splat(0x20)), _splat(ord("n")))
        dot = builder.icmp_unsigned("==", loaded, _splat(ord(".")))
        return _mask(builder, builder.or_(letter, dot))

    return types.uint64(array, types.int64), generate


@intrinsic
def called_bases(typing_context, array, offset):  # type: ignore[no-untyped-def]
    """Mark A, C, G, T and U, upper or lower case, among 64 bytes."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        loaded = _load(context, builder, signature.args[0], *arguments, kind=_BYTES)
        lower = builder.or_(loaded, _splat(0x20))
        found = builder.icmp_unsigned("==", lower, _splat(ord("a")))
        for letter in "cgtu":
            found = builder.or_(found, builder.icmp_unsigned("==", lower, _splat(ord(letter))))
        return _mask(builder, found)

    return types.uint64(array, types.int64), generate


@intrinsic
def at_least(typing_context, array, offset, least):  # type: ignore[no-untyped-def]
    """Mark the bytes that are not below a value among 64 bytes."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        loaded = _load(context, builder, signature.args[0], *arguments[:2], kind=_BYTES)
        lowest = builder.trunc(arguments[2], _BYTE)
        same = ir.Constant(_BYTES, ir.Undefined)
        same = builder.insert_element(same, lowest, ir.IntType(32)(0))
        lanes = ir.Constant(ir.VectorType(ir.IntType(32), LOAD_BYTES), [0] * LOAD_BYTES)
        same = builder.shuffle_vector(same, ir.Constant(_BYTES, ir.Undefined), lanes)
        return _mask(builder, builder.icmp_unsigned(">=", loaded, same))

    return types.uint64(array, types.int64, types.int64), generate


@intrinsic
def sum_of_bytes(typing_context, array, offset, chosen):  # type: ignore[no-untyped-def]
    """Add up those of 64 bytes whose bit is set in a mask."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        loaded = _load(context, builder, signature.args[0], *arguments[:2], kind=_BYTES)
        truths = builder.bitcast(arguments[2], ir.VectorType(ir.IntType(1), LOAD_BYTES))
        kept = builder.select(truths, loaded, _splat(0))
        wide = ir.VectorType(ir.IntType(32), LOAD_BYTES)
        return builder.zext(_reduced_sum(builder, builder.zext(kept, wide), wide), _WORD)

    return types.uint64(array, types.int64, types.uint64), generate


@intrinsic
def hash_of_bytes(typing_context, array, offset, chosen):  # type: ignore[no-untyped-def]
    """Hash those of 64 bytes whose bit is set in a mask.

    Each word of eight bytes is multiplied by an odd number of its own, and the products are added: bytes
    that differ within one word never collide, others by a chance of about 2^-64.
    """

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        loaded = _load(context, builder, signature.args[0], *arguments[:2], kind=_BYTES)
        truths = builder.bitcast(arguments[2], ir.VectorType(ir.IntType(1), LOAD_BYTES))
        kept = builder.select(truths, loaded, _splat(0))
        words = ir.VectorType(_WORD, LOAD_BYTES // 8)
        products = builder.mul(builder.bitcast(kept, words), ir.Constant(words, _HASH_MULTIPLIERS))
        return _reduced_sum(builder, products, words)

    return types.uint64(array, types.int64, types.uint64), generate


@intrinsic
def pack_bases(typing_context, array, offset, packed, index):  # type: ignore[no-untyped-def]
    """Write the two-bit codes of 64 bases as 16 bytes at packed[index], the first base in the lowest bits.

    The code is bits 1 and 2 of the letter: A 0, C 1, T and U 2, G 3, in upper and lower case. Whatever is
    no base gets some code as well (N that of G): what is found with it has to be proved on the letters.
    """

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        loaded = _load(context, builder, signature.args[0], *arguments[:2], kind=_BYTES)
        codes = builder.and_(builder.lshr(loaded, _splat(1)), _splat(3))
        lanes = builder.mul(builder.bitcast(codes, _LANES), _splat(_PACK, _LANES))
        narrow = ir.VectorType(_BYTE, LOAD_BYTES // 4)
        result = builder.trunc(builder.lshr(lanes, _splat(24, _LANES)), narrow)
        address = _address(context, builder, signature.args[2], *arguments[2:])
        store = builder.store(result, builder.bitcast(address, narrow.as_pointer()))
        store.align = 1
        return context.get_dummy_value()

    return types.void(array, types.int64, packed, types.int64), generate


PROBES_AT_ONCE = 16
"""Probes of one call of `probes_in_filter`: 32-bit words of a load."""

FILTER_MULTIPLIERS = (0x9E3779B1, 0x85EBCA77)
"""Odd 32-bit numbers without a pattern (the first two primes of xxHash, Collet 2012): the product with the
first chooses the filter's word, that with the second the bits in it."""

FILTER_BIT_SHIFTS = (27, 22, 17)
"""Where in the second product the five bits stand that choose one of the 32 bits of a word."""


@intrinsic
def probes_in_filter(typing_context, packed, index, count, words, shift, seed_mask):  # type: ignore[no-untyped-def]
    """Look up to 16 seeds up in the filter: bit i of the result tells of the one at byte index + i.

    `count` says how many are looked up, all 16 if it is more; nothing is fetched for the others.
    A seed is the low bits of the four bytes from there. Its word in the filter is chosen by its product
    with the first of FILTER_MULTIPLIERS, shifted right; three bits must be set, see FILTER_BIT_SHIFTS.
    """

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        half = ir.VectorType(_BYTE, LOAD_BYTES // 2)
        loaded = _load(context, builder, signature.args[0], *arguments[:2], kind=half)
        places = [lane + byte for lane in range(PROBES_AT_ONCE) for byte in range(4)]
        order = ir.Constant(ir.VectorType(ir.IntType(32), LOAD_BYTES), places)
        four = builder.shuffle_vector(loaded, ir.Constant(half, ir.Undefined), order)
        seeds = builder.and_(builder.bitcast(four, _LANES), _in_all_lanes(builder, arguments[5]))
        first, second = (builder.mul(seeds, _splat(number, _LANES)) for number in FILTER_MULTIPLIERS)
        chosen = builder.lshr(first, _in_all_lanes(builder, builder.trunc(arguments[4], ir.IntType(32))))
        base = context.make_array(signature.args[3])(context, builder, arguments[3]).data
        where = builder.gep(base, [chosen], source_etype=ir.IntType(32))
        where.type = _POINTERS  # llvmlite does not know that a vector of indices gives one of pointers
        truths = ir.VectorType(ir.IntType(1), PROBES_AT_ONCE)
        signature_of_gather = ir.FunctionType(_LANES, [_POINTERS, ir.IntType(32), truths, _LANES])
        gather = _function(builder, signature_of_gather, "llvm.masked.gather.v16i32.v16p0")
        lanes = ir.Constant(_LANES, list(range(PROBES_AT_ONCE)))
        wanted = builder.icmp_signed(
            "<", lanes, _in_all_lanes(builder, builder.trunc(arguments[2], ir.IntType(32)))
        )
        # A word without a bit stands for what is not fetched: nothing passes it.
        found = builder.call(gather, [where, ir.IntType(32)(4), wanted, _splat(0, _LANES)])
        missing = builder.not_(found)
        bits = _splat(0, _LANES)
        for by in FILTER_BIT_SHIFTS:
            number = builder.and_(builder.lshr(second, _splat(by, _LANES)), _splat(31, _LANES))
            bits = builder.or_(bits, builder.shl(_splat(1, _LANES), number))
        passed = builder.icmp_unsigned("==", builder.and_(missing, bits), _splat(0, _LANES))
        return builder.zext(builder.bitcast(passed, ir.IntType(PROBES_AT_ONCE)), _WORD)

    return types.uint64(packed, types.int64, types.int64, words, types.int64, types.uint32), generate


@intrinsic
def prefetch(typing_context, array, index):  # type: ignore[no-untyped-def]
    """Ask for the memory of an array's element, which is read soon; no element has to be there."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        base = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        where = builder.gep(base, [arguments[1]])
        number = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [where.type, number, number, number])
        function = _function(builder, kind, "llvm.prefetch.p0")
        builder.call(
            function, [where, number(0), number(3), number(1)]
        )  # to read, into the nearest cache, data
        return context.get_dummy_value()

    return types.void(array, types.int64), generate


@intrinsic
def load_64(typing_context, array, offset):  # type: ignore[no-untyped-def]
    """Return the eight bytes from an offset as a number, the first one lowest (little-endian)."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        return _load(context, builder, signature.args[0], *arguments, kind=_WORD)

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
