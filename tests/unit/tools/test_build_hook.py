"""A package is built with the charts of the control plane, or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tools.build_hook import NEEDED, VENDOR, ChartsHook, has_charts


def hook(root: Path) -> ChartsHook:
    given: Any = None
    return ChartsHook(str(root), {}, given, given, str(root), "wheel")


def test_without_charts_and_npm_the_build_ends_with_the_command_that_gets_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SystemExit, match="python -m tools.frontend"):
        hook(tmp_path).initialize("standard", {})


def test_an_editable_install_goes_on_without_them(tmp_path: Path) -> None:
    hook(tmp_path).initialize("editable", {})
    assert not has_charts(tmp_path)


def test_a_checkout_that_has_them_is_built_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / VENDOR).mkdir(parents=True)
    for name in NEEDED:
        (tmp_path / VENDOR / name).touch()
    hook(tmp_path).initialize("standard", {})
