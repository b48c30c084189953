"""The bill of materials names what is installed and shipped, and nothing of the tests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import yoto
from tests.support.require import LONG
from tools import sbom

ENVIRONMENT: dict[str, Any] = {
    "bomFormat": "CycloneDX",
    "specVersion": "1.6",
    "version": 1,
    "metadata": {"component": {"bom-ref": "root", "type": "application", "name": "yoto"}},
    "components": [
        {"type": "library", "bom-ref": f"{name}=={version}", "name": name, "version": version}
        for name, version in (("Flask", "3.1.3"), ("Werkzeug", "3.1.9"), ("pytest", "9.2.0"))
    ],
    "dependencies": [
        {"ref": "Flask==3.1.3", "dependsOn": ["Werkzeug==3.1.9", "pytest==9.2.0"]},
        {"ref": "Werkzeug==3.1.9"},
        {"ref": "pytest==9.2.0"},
    ],
}
WANTED = {"flask": "3.1.3", "werkzeug": "3.1.9"}
PACKAGES = {
    "": {"name": "yoto-control-plane"},
    "node_modules/@socket.io/component-emitter": {
        "version": "3.1.2",
        "license": "MIT",
        "integrity": "sha512-" + "A" * 86 + "==",
    },
    "node_modules/socket.io-client": {
        "version": "4.8.4",
        "integrity": "sha512-" + "A" * 86 + "==",
        "dependencies": {"@socket.io/component-emitter": "~3.1.0"},
    },
    "node_modules/axe-core": {"version": "4.14.1", "dev": True, "integrity": "sha512-AA=="},
}


def written(**changes: Any) -> dict[str, Any]:
    environment = json.loads(json.dumps(ENVIRONMENT | changes))
    read: dict[str, Any] = json.loads(sbom.bill(environment, WANTED, {"packages": PACKAGES}))
    return read


def test_it_names_what_is_wanted_and_what_browsers_are_served() -> None:
    names = [one["name"] for one in written()["components"]]
    assert names == ["Flask", "Werkzeug", "component-emitter", "socket.io-client"]
    root = written()["metadata"]["component"]
    assert (root["version"], root["purl"]) == (
        yoto.__version__,
        f"pkg:pypi/yoto@{yoto.__version__}",
    )


def test_each_package_from_npm_has_its_address_and_checksum() -> None:
    emitter = written()["components"][2]
    assert emitter["purl"] == "pkg:npm/%40socket.io/component-emitter@3.1.2"
    assert emitter["group"] == "@socket.io"
    assert emitter["hashes"] == [{"alg": "SHA-512", "content": "00" * 64}]


def test_dependencies_lead_from_the_application_to_everything_that_is_named() -> None:
    edges = {one["ref"]: one["dependsOn"] for one in written()["dependencies"]}
    assert edges["root"] == ["Flask==3.1.3", "pkg:npm/socket.io-client@4.8.4"]
    assert edges["Flask==3.1.3"] == ["Werkzeug==3.1.9"]
    assert edges["pkg:npm/socket.io-client@4.8.4"] == [
        "pkg:npm/%40socket.io/component-emitter@3.1.2"
    ]


@pytest.mark.parametrize(
    ("wanted", "said"),
    [({"flask": "3.1.2"}, "flask 3.1.3 in place of 3.1.2"), ({"redis": "8.1.0"}, "redis missing")],
)
def test_an_environment_that_is_not_that_of_the_lock_is_refused(
    wanted: dict[str, str], said: str
) -> None:
    with pytest.raises(sbom.Incomplete, match=said):
        sbom.bill(json.loads(json.dumps(ENVIRONMENT)), wanted, {"packages": {}})


def test_what_has_no_wheel_here_may_be_missing() -> None:
    wanted = WANTED | {"celine-regorus": "0.9.1"}
    environment = json.loads(json.dumps(ENVIRONMENT))
    assert "regorus" not in sbom.bill(environment, wanted, {"packages": {}})


def test_a_bill_that_breaks_the_schema_is_refused() -> None:
    with pytest.raises(sbom.Incomplete):
        written(bomFormat="SPDX")


def test_a_lock_is_read_for_the_system_at_hand() -> None:
    lines = ["# made", "flask==3.1.3 \\", "    --hash=sha256:00", "    # via -r requirements.txt"]
    lines += ["pywin32==311 ; sys_platform == 'win32' \\", "numpy==2.4.6 ; python_version > '3'"]
    assert sbom.locked(lines) == {"flask": "3.1.3", "numpy": "2.4.6"}


@LONG  # reads the whole environment
def test_the_bill_of_this_environment_is_whole(tmp_path: Path) -> None:
    assert sbom.main([str(tmp_path / "sbom.json")]) == 0
    read = json.loads((tmp_path / "sbom.json").read_text())
    names = {one["name"].lower() for one in read["components"]}
    assert {"flask", "redis", "uplot", "socket.io-client"} <= names
    assert names.isdisjoint({"pytest", "mypy", "axe-core", "uv"})
