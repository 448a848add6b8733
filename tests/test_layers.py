"""The direction of imports: a package uses only what comes after it in the way of the data."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "scripts" / "aspsfusion"

LAYERS = (
    ("cli",),
    ("validation",),
    ("pipeline",),
    ("interpret", "simulate"),
    ("call", "batch"),
    ("report",),
    ("long",),
    ("align",),
    ("evidence", "screen"),
    ("panel",),
    ("io", "config"),
    ("native",),
    ("errors",),
)
"""Packages, and modules beside them; those of one layer do not use each other."""

EXCEPTIONS: dict[tuple[str, str], str] = {}
"""Reasons of imports against the direction, by user and used."""

RANKS = {name: rank for rank, layer in enumerate(LAYERS) for name in layer}


def imported(source: str) -> Iterator[str]:
    """Yield the packages of aspsfusion that a module imports, wherever in it."""
    for node in ast.walk(ast.parse(source)):
        modules = []
        if isinstance(node, ast.ImportFrom) and node.module == "aspsfusion":
            modules = [f"aspsfusion.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            modules = [str(node.module)]
        elif isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        for module in modules:
            if module.startswith("aspsfusion.") and module != "aspsfusion.__version__":
                yield module.split(".")[1]


@cache
def uses() -> dict[tuple[str, str], list[str]]:
    """Return the modules behind each use of one package by another."""
    found: dict[tuple[str, str], list[str]] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        place = path.relative_to(PACKAGE)
        own = place.parts[0].removesuffix(".py")
        if own in ("__init__", "__main__"):
            continue
        for used in imported(path.read_text(encoding="utf-8")):
            if used != own:
                found.setdefault((own, used), []).append(str(place))
    return found


def test_each_package_has_its_layer() -> None:
    own = {p.name for p in PACKAGE.iterdir() if p.is_dir() and any(p.glob("*.py"))}
    own |= {p.stem for p in PACKAGE.glob("*.py") if not p.stem.startswith("__")}
    assert own == set(RANKS)


def test_imports_run_one_way() -> None:
    wrong = {
        pair: modules
        for pair, modules in uses().items()
        if pair not in EXCEPTIONS and RANKS.get(pair[1], -1) <= RANKS.get(pair[0], -1)
    }
    assert not wrong


def test_exceptions_are_needed() -> None:
    assert set(EXCEPTIONS) <= set(uses())


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("from aspsfusion.call.call import Caller", ["call"]),
        ("def f():\n    import aspsfusion.io.files", ["io"]),
        ("from aspsfusion import __version__, cli", ["cli"]),
        ("import pysam", []),
    ],
)
def test_imports_are_found_in_every_form(source: str, expected: list[str]) -> None:
    assert list(imported(source)) == expected
