"""Commands that are functions and no operations of the API."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

import click
import pytest
from click.testing import Result
from flask.cli import AppGroup

from tests.support.resilience import guarded_app
from yoto.cli.operations import command
from yoto.cli.options import Duration, duration_text
from yoto.errors import ValidationFailed
from yoto.http.operation import Author, Reason

Run = Callable[..., Result]
things = AppGroup("things")


@command(things, "send <names>", seconds="for")
def send(
    names: tuple[str, ...],
    reason: Reason,
    by: Author,
    slow: Annotated[bool, "Take your time."] = False,
    tags: Annotated[tuple[str, ...], "Such as 'red'."] = ("plain",),
    seconds: Annotated[float, Duration()] = 5400.0,
) -> Iterator[str]:
    """Send NAMES away."""
    yield f"{names} {reason} {by} {slow} {tags} {seconds:g}"


@command(things, "size <path>", lambda found, path: [f"{path.name}: {found['bytes']}"])
def size(path: Annotated[Path, click.Path(path_type=Path)]) -> dict[str, int]:
    """Measure PATH."""
    if not path.exists():
        raise ValidationFailed({"path": "is not there"})
    return {"bytes": path.stat().st_size}


@pytest.fixture
def run() -> Iterator[Callable[..., Result]]:
    with guarded_app({}) as app:
        app.cli.add_command(things)
        yield lambda *arguments: app.test_cli_runner().invoke(args=["things", *arguments])


def test_a_function_becomes_a_command_with_its_arguments_and_options(run: Run) -> None:
    why = ("--reason", "old", "--actor", "ada")
    assert run("send", "a", "b", *why).output == "('a', 'b') old ada False ('plain',) 5400\n"
    more = ("--slow", "--tags", "red", "--tags", "blue", "--for", "2m")
    assert run("send", "a", *why, *more).output == "('a',) old ada True ('red', 'blue') 120\n"
    assert run("send", *why).exit_code == run("send", "a").exit_code == 2
    told = run("send", "--help").output
    assert "Send NAMES away." in told and "90m]" in told and "--json" not in told


def test_what_has_a_text_has_json_and_errors_are_those_of_the_command(
    run: Run, tmp_path: Path
) -> None:
    file = tmp_path / "one"
    file.write_text("four")
    assert run("size", str(file)).output == "one: 4\n"
    assert run("size", str(file), "--json").output == '{\n  "bytes": 4\n}\n'
    gone = run("size", str(tmp_path / "two"), "--json")
    assert (gone.exit_code, gone.output) == (1, "Error: path: is not there\n")


@pytest.mark.parametrize(
    ("seconds", "text"), [(3600.0, "1h"), (900, "15m"), (90, "90s"), (0.5, "0.5s"), (172800, "2d")]
)
def test_durations_are_shown_as_they_are_typed(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text
    assert Duration().convert(text, None, None) == seconds
