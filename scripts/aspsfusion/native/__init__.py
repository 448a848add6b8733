"""The compiled loops: plain C, in one shared library, called by typed Python functions.

Takes arrays and numbers, and gives arrays and numbers; no file is read here. The C files beside this one
are compiled when the package is installed. Nothing outside this package knows how C is called. Every C
function checks the sizes and ranges that it is given. What works on NumPy's arrays is in `genome`: all else
does without NumPy, whose import takes longer than to screen a small sample.
"""

from aspsfusion.native.align import align_across, mismatches_at, overlap_insert
from aspsfusion.native.fastq import (
    BASES,
    GC,
    GOOD,
    LINES,
    LONGEST,
    MARK_SIGN,
    MARK_SLASH,
    MIN_RECORD_BYTES,
    QUALITY,
    SCAN_NO_AT_SIGN,
    SCAN_NO_PLUS,
    SCAN_OK,
    SCAN_QUALITY_LENGTH,
    STEP_OK,
    STEP_OTHER_NAME,
    STEP_WRONG_MATE,
    TOTALS,
    UNKNOWN,
    ScanRoom,
    first_out_of_step,
    kept_fragments,
    scan_fastq,
    write_fragments,
)
from aspsfusion.native.library import (
    BEST_VARIANT,
    EMPTY,
    LIBRARY,
    LOAD_BYTES,
    NATIVE_OK,
    VARIANTS,
    DamagedPanelError,
    use,
)
from aspsfusion.native.memory import Memory, copied, fresh
from aspsfusion.native.screen import (
    FILTER_WORDS_BITS,
    MIN_TABLE_BITS,
    SLOTS_PER_ENTRY,
    ScreenTable,
    match_reads,
    table_slots,
)

__all__ = [
    "BASES",
    "BEST_VARIANT",
    "EMPTY",
    "FILTER_WORDS_BITS",
    "GC",
    "GOOD",
    "LIBRARY",
    "LINES",
    "LOAD_BYTES",
    "LONGEST",
    "MARK_SIGN",
    "MARK_SLASH",
    "MIN_RECORD_BYTES",
    "MIN_TABLE_BITS",
    "NATIVE_OK",
    "QUALITY",
    "SCAN_NO_AT_SIGN",
    "SCAN_NO_PLUS",
    "SCAN_OK",
    "SCAN_QUALITY_LENGTH",
    "SLOTS_PER_ENTRY",
    "STEP_OK",
    "STEP_OTHER_NAME",
    "STEP_WRONG_MATE",
    "TOTALS",
    "UNKNOWN",
    "VARIANTS",
    "DamagedPanelError",
    "Memory",
    "ScanRoom",
    "ScreenTable",
    "align_across",
    "copied",
    "first_out_of_step",
    "fresh",
    "kept_fragments",
    "match_reads",
    "mismatches_at",
    "overlap_insert",
    "scan_fastq",
    "table_slots",
    "use",
    "write_fragments",
]
