"""Compiled templates are kept where they can be, and never serve another template."""

from pathlib import Path

import pytest
from jinja2 import DictLoader, Environment
from jinja2.compiler import CodeGenerator

from aspsfusion.report import html_parts as templating
from aspsfusion.report.html_parts import OPTIONS, template_cache

UNWRITABLE = Path("/proc/none")
"""No user, not even root, can make this directory."""


def rendered(text: str, package: Path) -> str:
    """Return what a template makes, in an environment of its own."""
    loader = DictLoader({"page": text})
    return (
        Environment(loader=loader, bytecode_cache=template_cache(package), **OPTIONS)
        .get_template("page")
        .render()
    )


def test_a_template_is_compiled_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = rendered("{{ 6 * 7 }} &amp; {{ '<' }}", tmp_path)
    assert first == "42 &amp; &lt;"
    assert len(list((tmp_path / "__pycache__").iterdir())) == 1
    monkeypatch.setattr(CodeGenerator, "visit_Template", None)
    assert rendered("{{ 6 * 7 }} &amp; {{ '<' }}", tmp_path) == first


def test_a_changed_template_is_compiled_anew(tmp_path: Path) -> None:
    assert rendered("{{ 1 }}", tmp_path) == "1"
    assert rendered("{{ 2 }}", tmp_path) == "2"


def test_other_options_or_another_version_do_not_share(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert rendered("{{ '<' }}", tmp_path) == "&lt;"
    monkeypatch.setitem(OPTIONS, "autoescape", False)
    assert rendered("{{ '<' }}", tmp_path) == "<"
    monkeypatch.setattr(templating, "version", lambda name: "99.0")
    assert rendered("{{ '<' }}", tmp_path) == "<"
    assert len(list((tmp_path / "__pycache__").iterdir())) == 3


def test_a_damaged_file_is_replaced(tmp_path: Path) -> None:
    assert rendered("{{ 1 }}", tmp_path) == "1"
    (file,) = (tmp_path / "__pycache__").iterdir()
    whole = file.read_bytes()
    file.write_bytes(whole[:10])
    assert rendered("{{ 1 }}", tmp_path) == "1"
    assert file.read_bytes() == whole


def test_a_read_only_package_uses_the_users_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert rendered("{{ 1 }}", UNWRITABLE) == "1"
    assert len(list((tmp_path / "aspsfusion").iterdir())) == 1


def test_nothing_is_kept_where_nothing_can_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(UNWRITABLE))
    assert template_cache(UNWRITABLE) is None
    assert rendered("{{ 1 }}", UNWRITABLE) == "1"
