"""Each example is taken by the tool that it is for."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.require import missing
from tests.unit.deploy.files import (
    COMPOSE,
    DOCKERFILE,
    GUNICORN,
    KUBERNETES,
    ROOT,
    UNIT,
    manifest,
)

# The library that Compose itself reads its files with; Go keeps what it has built.
COMPOSE_PARSER = "github.com/compose-spec/compose-go/v2/cmd@v2.16.2"
BUILD_SECONDS = 600


def run(*command: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command],
        cwd=ROOT,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=BUILD_SECONDS,
    )


def tool(name: str) -> str:
    return shutil.which(name) or missing(f"there is no {name}")


def in_environment(name: str) -> Path:
    """A program that a package of requirements-dev.txt brings."""
    return Path(sys.executable).with_name(name)


def test_hadolint_finds_nothing_in_the_dockerfile() -> None:
    done = run(in_environment("hadolint"), "--failure-threshold", "info", DOCKERFILE)
    assert done.returncode == 0, done.stdout


def parsed(path: Path) -> subprocess.CompletedProcess[str]:
    # Interpolation is no part of it: without the secrets there is nothing to put in.
    return run(tool("go"), "run", COMPOSE_PARSER, "-no-interpolation", path)


@pytest.mark.timeout(BUILD_SECONDS)
def test_the_parser_of_compose_takes_the_file_and_no_misspelt_one(tmp_path: Path) -> None:
    done = parsed(COMPOSE)
    assert done.returncode == 0, done.stderr
    wrong = tmp_path / "compose.yml"
    wrong.write_text(COMPOSE.read_text().replace("stop_grace_period", "stop_graceperiod"))
    assert "stop_graceperiod" in parsed(wrong).stderr


@pytest.mark.parametrize("name", sorted(path.name for path in KUBERNETES.glob("*.yaml")))
def test_a_manifest_has_the_schema_of_kubernetes(name: str) -> None:
    # It compiles grammars for two seconds; only one of the processes that collect this needs it.
    import kubernetes_validate

    found = manifest(name)
    if found["kind"] == "Kustomization":
        assert found["apiVersion"] == "kustomize.config.k8s.io/v1beta1"
        return
    version = kubernetes_validate.latest_version()
    assert kubernetes_validate.validate(found, version, strict=True) is not None


def test_systemd_takes_the_unit_and_finds_little_exposed(tmp_path: Path) -> None:
    analyze = tool("systemd-analyze")
    unit = tmp_path / "yoto@5000.service"
    # Its paths are those of a machine on which Yoto is installed.
    there = UNIT.read_text(encoding="utf-8").replace("/opt/yoto/.venv/bin/python", sys.executable)
    unit.write_text(there.replace("/opt/yoto", str(ROOT)), encoding="utf-8")
    done = run(analyze, "verify", "--man=no", unit)
    assert done.returncode == 0 and "yoto" not in done.stderr, done.stderr
    rated = run(analyze, "security", "--offline=true", unit)
    (exposure,) = re.findall(r"exposure level for \S+: ([\d.]+)", rated.stdout)
    assert float(exposure) < 2.0


def test_gunicorn_takes_its_configuration(tmp_path: Path) -> None:
    done = run(
        in_environment("gunicorn"),
        "--check-config",
        "--config",
        GUNICORN,
        YOTO_INSTANCE_PATH=str(tmp_path),
    )
    assert done.returncode == 0, done.stderr
