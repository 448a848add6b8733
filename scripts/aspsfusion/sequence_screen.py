"""Looks up sequences that are in memory in the panel's k-mers, by the screen's own kernel.

The one place where reads of BAM files meet the screen: what counts as a hit is decided there, so that a
sample's candidates do not depend on the format that its reads came in.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from aspsfusion.kernels import BASE_CODES, SCAN_OK, scan_fastq
from aspsfusion.kmers import KmerTable


class SequenceScreen:
    """Looks sequences up and sums what it has seen.

    Args:
        table: the panel's k-mers.
        genes: number of genes of the panel.

    Attributes:
        gene_hits: panel k-mers seen, by gene number.
    """

    def __init__(self, table: KmerTable, genes: int) -> None:
        self._table = table
        self._totals = np.zeros(2, dtype=np.int64)
        self.gene_hits = np.zeros(genes, dtype=np.int64)

    @property
    def bases(self) -> int:
        """Bases seen so far."""
        return int(self._totals[0])

    @property
    def longest(self) -> int:
        """Longest sequence so far, in nt."""
        return int(self._totals[1])

    def hits(self, sequences: Sequence[str]) -> npt.NDArray[np.uint16]:
        """Return the number of panel k-mers in each sequence, on either strand.

        Args:
            sequences: bases, each at least one.
        """
        count = len(sequences)
        block = "".join(f"@\n{bases}\n+\n{bases}\n" for bases in sequences).encode("ascii")
        starts = np.empty(count + 1, dtype=np.int64)
        hits = np.empty(count, dtype=np.uint16)
        names = np.empty(count, dtype=np.uint64)
        table = self._table
        scanned, problem = scan_fastq(
            np.frombuffer(block, dtype=np.uint8),
            len(block),
            table.k,
            table.keys,
            table.genes,
            table.bits,
            table.shift,
            BASE_CODES,
            starts,
            hits,
            names,
            self.gene_hits,
            self._totals,
        )
        assert (scanned, problem) == (count, SCAN_OK)
        return hits
