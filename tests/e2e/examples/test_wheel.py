"""The wheel: its content, and what an install of it brings."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

from tests.support.installed import PIP, ROOT, Environment, clean_environment
from tests.support.require import LONG

MIB = 1 << 20


def test_it_holds_the_package_and_nothing_else(wheel: Path) -> None:
    held = {name for name in zipfile.ZipFile(wheel).namelist() if not name.endswith("/")}
    assert {name.partition("/")[0].partition("-")[0] for name in held} == {"yoto"}
    tracked = subprocess.run(
        ["git", "ls-files", "yoto"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    # The runbooks are those of the guides, by a link to their folder.
    linked = {name for name in tracked.stdout.split() if (ROOT / name).is_symlink()}
    assert set(tracked.stdout.split()) - held == linked == {"yoto/control_plane/runbooks"}
    assert "yoto/control_plane/runbooks/redis.md" in held
    assert {"yoto/py.typed", "yoto/policies/main.rego"} < held
    charts = "yoto/control_plane/static/vendor"
    assert {f"{charts}/uplot.js", f"{charts}/socket.io.js"} < held
    assert any(name.endswith(".lua") for name in held)


def test_without_extras_it_takes_less_than_sixty_megabytes(installed: Environment) -> None:
    files = [one for one in installed.packages.rglob("*") if one.is_file()]
    taken = sum(one.stat().st_blocks * 512 for one in files)
    assert {"yoto", "flask", "redis"} < {one.name for one in installed.packages.iterdir()}
    assert taken / MIB < 60


def test_without_extras_whatever_needs_one_says_which(
    installed: Environment, tmp_path: Path
) -> None:
    script = """
import yoto
lines = set()
for name in yoto.__all__:
    try:
        getattr(yoto, name)
    except yoto.ConfigurationError as error:
        lines.add(str(error).partition(": ")[2])
print(*sorted(lines), sep="\\n")
"""
    assert installed.run("-c", script, folder=tmp_path).splitlines() == [
        "sqlalchemy is not installed: pip install 'yoto[permissions]'"
    ]


@LONG
def test_an_editable_install_shows_the_package_alone(tmp_path: Path) -> None:
    environment = Environment(tmp_path / "editable")
    environment.install("editables")  # the one dependency that it has beside those of the wheel
    install = [*PIP, "--python", str(environment.python), "install", "--no-deps"]
    subprocess.run([*install, "--editable", str(ROOT)], check=True, timeout=300)
    script = "import importlib.util as u; print(*(bool(u.find_spec(n)) for n in "
    script += "('yoto', 'app', 'config', 'tests')))"
    assert environment.run("-c", script, folder=tmp_path).split() == ["True"] + ["False"] * 3


@LONG
def test_type_checkers_know_what_is_exported(installed: Environment, tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text(TYPED)
    checker = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary"]
    done = subprocess.run(
        [*checker, "--python-executable", str(installed.python), "shop.py"],
        cwd=tmp_path,
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.stdout.splitlines() == [
        'shop.py:2: error: Module "yoto" has no attribute "guard_all"  [attr-defined]',
        'shop.py:10: note: Revealed type is "def (word: str) -> list[str]"',
    ]


TYPED = """
from yoto import RateLimitConfig, Yoto, guard_all, rate_limit

Yoto(guards={"search": {"rate_limit": RateLimitConfig(limit=2)}}, caller=lambda: "ada")

@rate_limit("search")
def search(word: str) -> list[str]:
    return [word]

reveal_type(search)
"""
