"""Writes the bill of materials: ``python -m tools.sbom FILE``.

CycloneDX 1.6 as JSON. It names the packages that ``make run`` installs on this system, as the lock
files have them, with the licences and dependencies that cyclonedx-py reads in the environment; and
the pages' packages from npm, as ``package-lock.json`` has them. Packages for the tests alone are
left out. The text is checked against the schema before it is written.
"""

from __future__ import annotations

import argparse
import base64
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools.release import version

ROOT = Path(__file__).parents[1]
LOCKS = ("requirements.lock", "requirements-regorus.lock")
# Installed where there is a wheel of it.
OPTIONAL = {"celine-regorus"}
NPM_LOCK = ROOT / "package-lock.json"


class Incomplete(Exception):
    """The environment differs from the lock files, or the bill is invalid; the text says how."""


def locked(lines: Sequence[str]) -> dict[str, str]:
    """The version of each package that the lines of a lock file choose for this system."""
    pins = (Requirement(line.split("\\")[0]) for line in lines if line[:1] not in " #")
    here = [one for one in pins if one.marker is None or one.marker.evaluate()]
    return {canonicalize_name(one.name): str(one.specifier).removeprefix("==") for one in here}


def of_python(environment: dict[str, Any], wanted: dict[str, str]) -> list[dict[str, Any]]:
    """The wanted components of an environment's bill.

    Raises:
        Incomplete: one is missing, or has another version.
    """
    found = {canonicalize_name(one["name"]): one for one in environment["components"]}
    versions = {name: found[name]["version"] for name in wanted if name in found}
    differing = [
        f"{name} {versions.get(name, 'missing')} in place of {wanted[name]}"
        for name in sorted(wanted)
        if versions.get(name) != wanted[name] and not (name in OPTIONAL and name not in versions)
    ]
    if differing:
        raise Incomplete(", ".join(differing))
    return [found[name] for name in versions]


def of_npm(lock: dict[str, Any]) -> Iterator[tuple[dict[str, Any], list[str]]]:
    """Each package that browsers may be served, with the references of its dependencies."""
    packages = {
        path.removeprefix("node_modules/"): facts
        for path, facts in lock["packages"].items()
        if path and not facts.get("dev")
    }
    references = {
        name: f"pkg:npm/{quote(name)}@{facts['version']}" for name, facts in packages.items()
    }
    for name, facts in packages.items():
        kind, _, digest = facts["integrity"].partition("-")
        group, _, short = name.rpartition("/")
        component = {
            "type": "library",
            "bom-ref": references[name],
            "name": short,
            "version": facts["version"],
            "purl": references[name],
            "hashes": [
                {"alg": kind.replace("sha", "SHA-"), "content": base64.b64decode(digest).hex()}
            ],
        }
        if group:
            component["group"] = group
        if "license" in facts:
            component["licenses"] = [{"license": {"id": facts["license"]}}]
        yield component, sorted(
            references[one] for one in facts.get("dependencies", {}) if one in references
        )


def bill(environment: dict[str, Any], wanted: dict[str, str], npm: dict[str, Any]) -> str:
    """The whole bill as text.

    Raises:
        Incomplete: a package is not installed as it is wanted, or the text breaks the schema.
    """
    components = of_python(environment, wanted)
    references = {one["bom-ref"] for one in components}
    dependencies = [
        {**one, "dependsOn": sorted(references.intersection(one.get("dependsOn", ())))}
        for one in environment["dependencies"]
        if one["ref"] in references
    ]
    for component, needed in of_npm(npm):
        components.append(component)
        dependencies.append({"ref": component["bom-ref"], "dependsOn": needed})
    root = environment["metadata"]["component"]
    number = version()
    root |= {"version": number, "purl": f"pkg:pypi/yoto@{number}"}
    # Packages that nothing else needs are needed by the application itself.
    needed = {one for each in dependencies for one in each["dependsOn"]}
    roots = sorted(each["ref"] for each in dependencies if each["ref"] not in needed)
    dependencies.append({"ref": root["bom-ref"], "dependsOn": roots})
    whole = {**environment, "components": components, "dependencies": dependencies}
    text = json.dumps(whole, indent=2, sort_keys=True) + "\n"
    # Imported here, since it takes two seconds, which each process that collects tests would pay.
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    fault = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if fault is not None:
        raise Incomplete(str(fault))
    return text


def installed() -> dict[str, Any]:
    """The bill of all packages in the environment of this Python."""
    command = [sys.executable, "-m", "cyclonedx_py", "environment", "--output-reproducible"]
    command += ["--pyproject", str(ROOT / "pyproject.toml"), "--mc-type", "application"]
    command += ["--spec-version", "1.6", "--no-validate", sys.executable]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    read: dict[str, Any] = json.loads(done.stdout)
    return read


def main(arguments: Sequence[str]) -> int:
    """Write the bill; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.sbom", description=__doc__)
    parser.add_argument("file", type=Path)
    file = parser.parse_args(arguments).file
    lines = [line for lock in LOCKS for line in (ROOT / lock).read_text().splitlines() if line]
    npm = json.loads(NPM_LOCK.read_text(encoding="utf-8"))
    try:
        text = bill(installed(), locked(lines), npm)
    except Incomplete as error:
        print(f"No bill of materials: {error}", file=sys.stderr)
        return 1
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
