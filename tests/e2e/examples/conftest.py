"""One wheel and one virtual environment for all examples, made by the first test that asks."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.installed import ROOT, Environment, build_wheel, made_once


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A folder that all workers of a run share."""
    base = tmp_path_factory.getbasetemp()
    return base if worker_id == "master" else base.parent


@pytest.fixture(scope="session")
def wheel(shared_folder: Path) -> Path:
    """The wheel of this tree."""
    return build_wheel(shared_folder / "wheel")


@pytest.fixture(scope="session")
def installed(shared_folder: Path, wheel: Path) -> Environment:
    """An environment with the wheel without extras, what that depends on, and gunicorn."""
    folder = shared_folder / "installed"
    with made_once(folder) as empty:
        environment = Environment(folder)
        if empty:
            environment.install(str(wheel), "gunicorn>=25,<28")
    return environment


@pytest.fixture(scope="session")
def with_people(shared_folder: Path, wheel: Path) -> Environment:
    """An environment with permissions, and with what the examples that have people require."""
    folder = shared_folder / "with_people"
    required = [f"-r{file}" for file in (ROOT / "examples").glob("flask_*/requirements.txt")]
    with made_once(folder) as empty:
        environment = Environment(folder)
        if empty:
            environment.install("--no-compile", f"{wheel}[permissions]", *required)
    return environment


@pytest.fixture(scope="session")
def with_control_plane(shared_folder: Path, wheel: Path) -> Environment:
    """An environment with the control plane, and what the examples that have one require."""
    folder = shared_folder / "with_control_plane"
    examples = [ROOT / "examples" / name for name in ("existing_admin", "documents")]
    required = [f"-r{example / 'requirements.txt'}" for example in examples]
    with made_once(folder) as empty:
        environment = Environment(folder)
        if empty:
            extras = f"{wheel}[control-plane,rego]"
            environment.install("--no-compile", extras, *required)
    return environment
