"""The package on an index: metadata, a page, a source package, locked versions."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from hashlib import sha256
from pathlib import Path

import pytest
from packaging.metadata import Metadata

import yoto
from tests.support.example import Example
from tests.support.installed import PIP, ROOT, Environment, made_once
from tests.support.redis_servers import Server
from tests.support.require import LONG
from tests.unit.test_lock_files import pins


@pytest.fixture(scope="session")
def source(shared_folder: Path) -> Path:
    """The source package of this tree."""
    folder = shared_folder / "source"
    with made_once(folder) as empty:
        if empty:
            build = [sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", str(folder)]
            subprocess.run(build, cwd=ROOT, check=True, timeout=300, capture_output=True)
    (package,) = folder.glob("*.tar.gz")
    return package


@pytest.fixture(scope="session")
def described(wheel: Path) -> Metadata:
    """The metadata of the wheel; an index refuses what is not valid."""
    files = zipfile.ZipFile(wheel)
    (name,) = [one for one in files.namelist() if one.endswith(".dist-info/METADATA")]
    return Metadata.from_email(files.read(name), validate=True)


def contents(wheel: Path) -> dict[str, int]:
    held = {one.filename: one.CRC for one in zipfile.ZipFile(wheel).infolist()}
    return {name: checksum for name, checksum in held.items() if not name.endswith("/RECORD")}


def test_the_source_package_makes_the_same_wheel(source: Path, wheel: Path, tmp_path: Path) -> None:
    build = [*PIP, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(tmp_path)]
    subprocess.run([*build, str(source)], check=True, timeout=300)
    (again,) = tmp_path.glob("*.whl")
    assert again.name == wheel.name
    assert contents(again) == contents(wheel)


def test_the_metadata_names_version_licence_and_every_extra(described: Metadata) -> None:
    assert str(described.version) == yoto.__version__
    assert (described.name, described.license_expression) == ("yoto", "MIT")
    assert described.license_files == ["LICENSE"]
    assert described.requires_python is not None
    assert [described.requires_python.contains(one) for one in ("3.10", "3.11", "3.14")] == [
        False,
        True,
        True,
    ]
    assert {"permissions", "control-plane", "all"} <= set(described.provides_extra or ())
    assert described.description_content_type == "text/markdown"


def test_the_page_of_the_index_leads_to_no_file_that_is_not_there(described: Metadata) -> None:
    text = described.description or ""
    links = re.findall(r"\]\(([^)]+)\)", text)
    assert [link for link in links if not re.match("https?:", link)] == []
    named = set(re.findall(r"^\| `([a-z-]+)` \|", text, re.M)) | {"all"}
    assert named == set(described.provides_extra or ())


def test_the_example_of_that_page_holds(
    installed: Environment, described: Metadata, valkey_server: Server, tmp_path: Path
) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", described.description or "", re.S)
    asked = (
        'print([app.test_client().get("/search").status_code for _ in range(6)], yoto.close(app))'
    )
    printed = installed.run(
        "-c",
        f"{example}\n{asked}",
        folder=tmp_path,
        YOTO_REDIS_URL=valkey_server.url,
        YOTO_REDIS_KEY_PREFIX="test-package:",
    )
    assert printed.split("] ")[0] == "[200, 200, 200, 200, 200, 429"


@LONG
@pytest.mark.timeout(1500)
def test_all_extras_install_from_the_locks_by_hash(
    wheel: Path, valkey_server: Server, tmp_path: Path
) -> None:
    environment = Environment(tmp_path / "environment")
    of_an_extra = {"gevent"} | {
        pin.name for pin in pins("requirements-dev") if "gevent" in pin.asked_by
    }
    blocks = re.split(r"\n(?=\S+==)", (ROOT / "requirements-dev.lock").read_text())
    extra = tmp_path / "extra.txt"
    extra.write_text("\n".join(one for one in blocks if one.split("==")[0] in of_an_extra))
    files = (ROOT / "requirements.lock", ROOT / "requirements-regorus.lock", extra)
    locked = (f"-r{file}" for file in files)
    environment.install("--no-compile", "--require-hashes", *locked, timeout=1200)
    by_hash = tmp_path / "wheel.txt"
    by_hash.write_text(f"{wheel.as_uri()} --hash=sha256:{sha256(wheel.read_bytes()).hexdigest()}\n")
    environment.install("--require-hashes", "--no-deps", f"-r{by_hash}")
    # Nothing is fetched: the locks have all that the extras ask for.
    environment.install("--no-index", f"{wheel}[all]")
    bookshop = Example("guards", tmp_path, environment, valkey_server.url)
    with bookshop.served() as server:
        assert [server.get("/search").status for _ in range(6)] == [200] * 5 + [429]
