"""Numbers that the compiled loops share."""

import numpy as np

# Two-bit codes of the bases; 4 stands for everything that is no base and breaks a k-mer.
BASE_CODES = np.full(256, 4, dtype=np.uint8)
for _code, _bases in enumerate(("Aa", "Cc", "Gg", "TtUu")):
    for _base in _bases:
        BASE_CODES[ord(_base)] = _code

HASH_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
"""Odd number nearest to 2^64 / golden ratio: multiplicative (Fibonacci) hashing, Knuth TAOCP 6.4."""

EMPTY = np.uint64(0xFFFFFFFFFFFFFFFF)
"""Marks a free slot of the hash table; no k-mer with k below 32 has all bits set."""
