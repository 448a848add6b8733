"""Reads printed pages, and says what every printed report has to hold."""

import ctypes

import pypdfium2
import pypdfium2.raw

from aspsfusion.report.models import Report
from aspsfusion.report.words import SIGNATURE

LEAST_POINTS = 8.0

MARGIN = 12 / 25.4 * 72 - 1
"""Of the style sheet, in points; a letter may have a serif beyond it."""

HYPHEN = "\x02"
"""What pdfium gives for a hyphen at the end of a line."""


class Printed:
    """A PDF as a reader has it: the text of each page, and its smallest letters."""

    def __init__(self, content: bytes) -> None:
        self._pages = list(pypdfium2.PdfDocument(content))

    def __len__(self) -> int:
        return len(self._pages)

    def text(self, page: int) -> str:
        """Return the text of a page in one line."""
        text = self._pages[page].get_textpage().get_text_bounded()
        return " ".join(text.replace(HYPHEN, "-").split())

    def smallest(self) -> tuple[float, str]:
        """Return the size of the smallest letters in points, and some of them."""
        sizes: dict[float, str] = {}
        for page in self._pages:
            text = page.get_textpage()
            matrix = pypdfium2.raw.FS_MATRIX()
            for place in range(text.count_chars()):
                letter = chr(pypdfium2.raw.FPDFText_GetUnicode(text.raw, place))
                pypdfium2.raw.FPDFText_GetMatrix(text.raw, place, ctypes.byref(matrix))
                size = pypdfium2.raw.FPDFText_GetFontSize(text.raw, place) * max(abs(matrix.d), abs(matrix.b))
                if letter.strip():
                    sizes.setdefault(round(size, 1), "")
                    sizes[round(size, 1)] += letter
        least = min(sizes)
        return least, sizes[least][:40]

    def outside(self, margin: float) -> str:
        """Return the letters that are within so many points of the left or the right edge of their page."""
        found = ""
        for page in self._pages:
            text = page.get_textpage()
            for place in range(text.count_chars()):
                left, _, right, _ = text.get_charbox(place)
                if left < right and (left < margin or right > page.get_width() - margin):
                    found += chr(pypdfium2.raw.FPDFText_GetUnicode(text.raw, place))
        return found.strip()


def assert_printed_well(report: Report, content: bytes) -> None:
    """Assert that the first page says all that a pathologist must know, and that letters can be read.

    Args:
        report: of which the pages are.
        content: the PDF.
    """
    printed = Printed(content)
    first, verdict = printed.text(0), report.verdict
    needed = [report.sample_id, *report.sheet.values(), verdict.headline, verdict.result, verdict.evidence]
    needed += [verdict.limit, *report.notices, report.interpretation[0], SIGNATURE, "Signature"]
    if report.fusions:
        needed += [report.fusions[0].name, str(report.fusions[0].fragments)]
    assert [words for words in needed if words not in first] == [], report.sample_id
    assert len(printed) in (3, 4)
    assert SIGNATURE not in printed.text(1), "the next page begins with the evidence in detail"
    assert printed.outside(MARGIN) == ""
    least, letters = printed.smallest()
    assert least >= LEAST_POINTS, f"{least} pt: {letters}"
