"""Commands that try policies and change nothing."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TextIO

import click
from flask.cli import AppGroup

from yoto.cli.policy.changing import FILE, parsed, read_text, tests_beside
from yoto.cli.policy.format import problems_of
from yoto.cli.policy.group import as_json, echo_json, managing
from yoto.policy import Answer

FAILED_EXIT = 1


def add_trying(group: AppGroup) -> None:
    """Add them to ``flask policy``."""
    for command in (run_tests, evaluate, rehearse, format_check):
        group.add_command(command)


@click.command("test")
@click.argument("path", type=click.Path(exists=True, file_okay=False, path_type=Path))
def run_tests(path: Path) -> None:
    """Run the Rego tests of the folder PATH together with the active policies; store nothing."""
    with managing() as manager:
        report = manager.run_tests(path)
    for name in report.passed:
        click.echo(f"passed  {name}")
    for failure in report.failed:
        click.echo(f"FAILED  {failure.name}: {failure.reason}")
    for name in report.skipped:
        click.echo(f"skipped {name}: regopy evaluates no 'with'")
    counts = f"{len(report.passed)} passed, {len(report.failed)} failed"
    click.echo(counts + (f", {len(report.skipped)} skipped" if report.skipped else ""))
    if report.failed:
        sys.exit(FAILED_EXIT)


@click.command("eval")
@click.argument("file", type=click.File(encoding="utf-8"))
def evaluate(file: TextIO) -> None:
    """Decide on the input in FILE (JSON; - for standard input). Exit status 1 when denied."""
    try:
        document = json.load(file)
    except ValueError as error:
        raise click.ClickException(f"{file.name} is no JSON: {error}") from None
    with managing() as manager:
        decision = manager.try_out(document)
    echo_json(decision)
    if not decision.allow:
        sys.exit(FAILED_EXIT)


@click.command("try")
@click.argument("path", type=FILE)
@click.option("--name", help="The policy's name; by default that of the file.")
@click.option("--input", "given", type=click.File(encoding="utf-8"), help="One more input, JSON.")
@as_json
def rehearse(path: Path, name: str | None, given: TextIO | None, as_json: bool) -> None:
    """Try PATH, a .rego or .json file, on recent inputs, and say what would change."""
    name = name or path.stem
    asked = None if given is None else parsed(given.read(), given.name)
    with managing() as manager:
        if path.suffix == ".json":
            value = parsed(read_text(path), str(path))
            found = manager.rehearse_document(name, value, asked)
        else:
            found = manager.rehearse(name, read_text(path), tests_beside(path), asked)
    if as_json:
        echo_json(found)
        return
    click.echo(
        f"{len(found.tests_passed)} tests passed; of {found.inputs} recent inputs "
        f"{found.allow_to_deny} would be denied, {found.deny_to_allow} allowed, "
        f"{found.other_codes} denied for other reasons"
    )
    for one in found.differing:
        subject = one.input.get("subject")
        who = subject.get("id") if isinstance(subject, dict) else None
        click.echo(f"  {one.number:>4}  user {who}: {_told(one.before)} -> {_told(one.after)}")
    if found.given is not None:
        click.echo(f"the given input: {_told(found.given.before)} -> {_told(found.given.after)}")


@click.command("fmt-check")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
def format_check(paths: tuple[Path, ...]) -> None:
    """Say where .rego files in PATHS are not laid out as `opa fmt` would. Exit status 1 then."""
    found = 0
    files = [file for path in paths for file in (path.rglob("*.rego") if path.is_dir() else [path])]
    for file in sorted(files):
        for line, what in problems_of(file.read_bytes()):
            found += 1
            click.echo(f"{file}:{line}: {what}")
    click.echo(f"{len(files)} files, {found} problems")
    if found:
        sys.exit(FAILED_EXIT)


def _told(answer: Answer) -> str:
    if answer.error is not None:
        return f"no verdict ({answer.error})"
    return "allowed" if answer.allow else f"denied ({', '.join(answer.deny)})"
