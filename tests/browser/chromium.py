"""Opens pages in a headless Chromium, and reads what it prints.

Debian's `chromium` and `chromium-driver` are driven by selenium; nothing is downloaded.
"""

import base64
import ctypes
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pypdfium2
import pypdfium2.raw
from selenium.webdriver import Chrome, ChromeOptions, ChromeService

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
HEIGHT = 900
"""Of the window, in CSS pixels."""


def programs() -> tuple[str, str] | None:
    """Return browser and driver; None where one of them is not installed."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    driver = shutil.which("chromedriver")
    return (browser, driver) if browser and driver else None


class Browser:
    """A browser with one page."""

    def __init__(self, driver: Chrome) -> None:
        self.driver = driver

    def open(self, path: Path, width: int) -> None:
        """Open a file in a window of a width in CSS pixels."""
        self.driver.get_log("performance")
        size = {"width": width, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        self.driver.get(path.as_uri())

    def run(self, script: str) -> Any:
        """Return what a script in the page returns."""
        return self.driver.execute_script(script)

    def requests(self) -> set[str]:
        """Return the addresses that were asked for since the page was opened."""
        events = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        return {
            event["params"]["request"]["url"]
            for event in events
            if event["method"] == "Network.requestWillBeSent"
        }

    def pdf(self) -> bytes:
        """Return the page as Chromium prints it, on the paper that its style sheet names."""
        options = {"preferCSSPageSize": True, "printBackground": True}
        return base64.b64decode(self.driver.execute_cdp_cmd("Page.printToPDF", options)["data"])


@contextmanager
def opened_browser() -> Iterator[Browser]:
    """Give a browser; `programs` says whether there is one."""
    found = programs()
    assert found is not None
    options = ChromeOptions()
    options.binary_location = found[0]
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL"})
    driver = Chrome(options=options, service=ChromeService(found[1]))
    try:
        yield Browser(driver)
    finally:
        driver.quit()


class Printed:
    """A PDF as a reader has it: the text of each page, and its smallest letters."""

    def __init__(self, content: bytes) -> None:
        self._pages = list(pypdfium2.PdfDocument(content))

    def __len__(self) -> int:
        return len(self._pages)

    def text(self, page: int) -> str:
        """Return the text of a page in one line; a line that ends with a hyphen goes on without it."""
        return " ".join(self._pages[page].get_textpage().get_text_bounded().split())

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
