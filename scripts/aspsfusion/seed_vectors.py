"""Seeds many at a time: packing bases, looking seeds up in the filter, comparing a read with the panel.

Like `vector_loads`, these are LLVM's own vectors, which every processor gets in the widest form that it has;
the caller keeps `LOAD_BYTES` readable bytes behind everything that is looked at.
"""

from typing import Any

from llvmlite import ir

from aspsfusion import numba_types as types
from aspsfusion.compiled import intrinsic
from aspsfusion.vector_loads import (
    BYTE,
    BYTES,
    LOAD_BYTES,
    WORD,
    address,
    function,
    load,
    mask_of,
    splat,
)

PROBES_AT_ONCE = 16
"""Probes of one call of `probes_in_filter`: 32-bit words of a load."""

FILTER_MULTIPLIERS = (0x9E3779B1, 0x85EBCA77)
"""Odd 32-bit numbers without a pattern (the first two primes of xxHash, Collet 2012): the product with the
first chooses the filter's word, that with the second the bits in it."""

FILTER_BIT_SHIFTS = (27, 22, 17)
"""Where in the second product the five bits stand that choose one of the 32 bits of a word."""

COMPLEMENT = 0xAAAAAAAA
"""Turns each packed base of a 32-bit word into its complement: bit 1 of A 0, C 1, T 2, G 3."""

LOW_BITS = 0x55555555
"""The lower bit of each packed base of a 32-bit word."""

_LANES = ir.VectorType(ir.IntType(32), PROBES_AT_ONCE)
_POINTERS = ir.VectorType(ir.PointerType(), PROBES_AT_ONCE)
_PAIRS = ir.VectorType(ir.IntType(16), LOAD_BYTES // 2)

_BASES = b"acgtu"


def _in_all_lanes(builder: Any, value: Any) -> Any:
    empty = ir.Constant(_LANES, ir.Undefined)
    first = builder.insert_element(empty, builder.trunc(value, ir.IntType(32)), ir.IntType(32)(0))
    return builder.shuffle_vector(first, empty, splat(0, _LANES))


def _reverse_complements(builder: Any, seeds: Any, unused_bits: Any) -> Any:
    """Return the reverse complements of packed seeds; `unused_bits` are those above a seed, in all lanes."""
    kind = ir.FunctionType(_LANES, [_LANES])
    turned = builder.call(function(builder, kind, f"llvm.bitreverse.v{PROBES_AT_ONCE}i32"), [seeds])
    # The bits of each base have changed places as well.
    low = builder.and_(builder.lshr(turned, splat(1, _LANES)), splat(LOW_BITS, _LANES))
    high = builder.shl(builder.and_(turned, splat(LOW_BITS, _LANES)), splat(1, _LANES))
    bases = builder.xor(builder.or_(low, high), splat(COMPLEMENT, _LANES))
    return builder.lshr(bases, unused_bits)


@intrinsic
def pack_bases(typing_context, array, offset, packed, index):  # type: ignore[no-untyped-def]
    """Write the two-bit codes of 64 bases as 16 bytes at packed[index], the first base in the lowest bits.

    The code is bits 1 and 2 of the letter: A 0, C 1, T and U 2, G 3, in upper and lower case. Whatever is
    no base gets some code as well (N that of G): what is found with it has to be proved on the letters.
    """

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        loaded = load(context, builder, signature.args[0], *arguments[:2], kind=BYTES)
        codes = builder.and_(builder.lshr(loaded, splat(1)), splat(3))
        pairs = builder.bitcast(codes, _PAIRS)
        fours = builder.bitcast(builder.or_(pairs, builder.lshr(pairs, splat(6, _PAIRS))), _LANES)
        fours = builder.or_(fours, builder.lshr(fours, splat(12, _LANES)))
        narrow = ir.VectorType(BYTE, LOAD_BYTES // 4)
        result = builder.trunc(fours, narrow)
        where = address(context, builder, signature.args[2], *arguments[2:])
        store = builder.store(result, builder.bitcast(where, narrow.as_pointer()))
        store.align = 1
        return context.get_dummy_value()

    return types.void(array, types.int64, packed, types.int64), generate


def _probes(stride: int) -> Any:
    """Return what generates a look-up of 16 seeds in the filter, with so many bytes from one to the next."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        wanted = ir.VectorType(BYTE, stride * LOAD_BYTES // 2)
        loaded = load(context, builder, signature.args[0], *arguments[:2], kind=wanted)
        places = [stride * lane + byte for lane in range(PROBES_AT_ONCE) for byte in range(4)]
        order = ir.Constant(ir.VectorType(ir.IntType(32), LOAD_BYTES), places)
        four = builder.shuffle_vector(loaded, ir.Constant(wanted, ir.Undefined), order)
        unused = _in_all_lanes(builder, arguments[4])
        seeds = builder.and_(builder.bitcast(four, _LANES), builder.lshr(splat(0xFFFFFFFF, _LANES), unused))
        others = _reverse_complements(builder, seeds, unused)
        smaller = builder.select(builder.icmp_unsigned("<", seeds, others), seeds, others)
        first, second = (builder.mul(smaller, splat(number, _LANES)) for number in FILTER_MULTIPLIERS)
        chosen = builder.lshr(first, _in_all_lanes(builder, arguments[3]))
        base = context.make_array(signature.args[2])(context, builder, arguments[2]).data
        where = builder.gep(base, [chosen], source_etype=ir.IntType(32))
        where.type = _POINTERS  # llvmlite does not know that a vector of indices gives one of pointers
        truths = ir.VectorType(ir.IntType(1), PROBES_AT_ONCE)
        signature_of_gather = ir.FunctionType(_LANES, [_POINTERS, ir.IntType(32), truths, _LANES])
        gather = function(builder, signature_of_gather, "llvm.masked.gather.v16i32.v16p0")
        all_lanes = ir.Constant(truths, [1] * PROBES_AT_ONCE)
        found = builder.call(gather, [where, ir.IntType(32)(4), all_lanes, splat(0, _LANES)])
        missing = builder.not_(found)
        bits = splat(0, _LANES)
        for by in FILTER_BIT_SHIFTS:
            number = builder.and_(builder.lshr(second, splat(by, _LANES)), splat(31, _LANES))
            bits = builder.or_(bits, builder.shl(splat(1, _LANES), number))
        passed = builder.icmp_unsigned("==", builder.and_(missing, bits), splat(0, _LANES))
        return builder.zext(builder.bitcast(passed, ir.IntType(PROBES_AT_ONCE)), WORD)

    return generate


@intrinsic
def probes_in_filter(  # type: ignore[no-untyped-def]
    typing_context, packed, index, words, shift, unused_bits
):
    """Look 16 seeds up in the filter: bit i of the result tells of the one at byte index + i.

    A seed is the low bits of the four bytes from there; `unused_bits` of them, the upper ones, are no part
    of it. The smaller of the seed and its reverse complement is looked up: its word in the filter is chosen
    by its product with the first of FILTER_MULTIPLIERS, shifted right by `shift`; three bits must be set, see
    FILTER_BIT_SHIFTS.
    """
    return types.uint64(packed, types.int64, words, types.int64, types.int64), _probes(1)


@intrinsic
def wide_probes_in_filter(  # type: ignore[no-untyped-def]
    typing_context, packed, index, words, shift, unused_bits
):
    """Do the same at every second byte: bit i of the result tells of the seed at byte index + 2i."""
    return types.uint64(packed, types.int64, words, types.int64, types.int64), _probes(2)


@intrinsic
def mismatches(typing_context, letters, offset, codes, place):  # type: ignore[no-untyped-def]
    """Mark where 64 letters from an offset are not the bases of 64 codes from a place.

    Of the letters A, C, G, T and U count, in upper and lower case; all else is a mismatch. So is any code
    above 3; the others are those of `pack_bases`.
    """

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        loaded = load(context, builder, signature.args[0], *arguments[:2], kind=BYTES)
        wanted = load(context, builder, signature.args[2], *arguments[2:], kind=BYTES)
        coded = builder.and_(builder.lshr(loaded, splat(1)), splat(3))
        lower = builder.or_(loaded, splat(0x20))
        base = builder.icmp_unsigned("==", lower, splat(_BASES[0]))
        for letter in _BASES[1:]:
            base = builder.or_(base, builder.icmp_unsigned("==", lower, splat(letter)))
        same = builder.and_(base, builder.icmp_unsigned("==", coded, wanted))
        return builder.not_(mask_of(builder, same))

    return types.uint64(letters, types.int64, codes, types.int64), generate


@intrinsic
def breaks(typing_context, codes, place):  # type: ignore[no-untyped-def]
    """Mark the codes above 3, which are no bases, among 64 codes from a place."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        loaded = load(context, builder, signature.args[0], *arguments, kind=BYTES)
        return mask_of(builder, builder.icmp_unsigned(">", loaded, splat(3)))

    return types.uint64(codes, types.int64), generate


@intrinsic
def reversed_bits(typing_context, mask):  # type: ignore[no-untyped-def]
    """Return the bits of a mask in the opposite order."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        return builder.bitreverse(arguments[0])

    return types.uint64(types.uint64), generate
