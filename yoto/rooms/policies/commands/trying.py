"""Commands that try policies and change nothing, and the layout of Rego files."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, TextIO

import click

from yoto.cli.operations import command
from yoto.cli.options import json_text
from yoto.rooms.policies import Answer, PolicyDryRun
from yoto.rooms.policies.commands.group import (
    File,
    OwnName,
    managing,
    parsed,
    policy,
    read_text,
    tests_beside,
)

FAILED_EXIT = 1
INPUT = click.File(encoding="utf-8")


def _would_change(found: PolicyDryRun, **given: Any) -> Iterator[str]:
    yield (
        f"{len(found.tests_passed)} tests passed; of {found.inputs} recent inputs "
        f"{found.allow_to_deny} would be denied, {found.deny_to_allow} allowed, "
        f"{found.other_codes} denied for other reasons"
    )
    for one in found.differing:
        subject = one.input.get("subject")
        who = subject.get("id") if isinstance(subject, dict) else None
        yield f"  {one.number:>4}  user {who}: {_verdict(one.before)} -> {_verdict(one.after)}"
    if found.given is not None:
        yield f"the given input: {_verdict(found.given.before)} -> {_verdict(found.given.after)}"


@command(policy, "test <path>")
def run_tests(
    path: Annotated[Path, click.Path(exists=True, file_okay=False, path_type=Path)],
) -> Iterator[str]:
    """Run the Rego tests of the folder PATH together with the active policies; store nothing."""
    with managing() as manager:
        report = manager.run_tests(path)
    yield from (f"passed  {name}" for name in report.passed)
    yield from (f"FAILED  {failure.name}: {failure.reason}" for failure in report.failed)
    yield from (f"skipped {name}: regopy evaluates no 'with'" for name in report.skipped)
    counts = f"{len(report.passed)} passed, {len(report.failed)} failed"
    yield counts + (f", {len(report.skipped)} skipped" if report.skipped else "")
    if report.failed:
        sys.exit(FAILED_EXIT)


@command(policy, "eval <file>")
def evaluate(file: Annotated[TextIO, INPUT]) -> Iterator[str]:
    """Decide on the input in FILE (JSON; - for standard input). Exit status 1 when denied."""
    document = parsed(file, file.name)
    with managing() as manager:
        decision = manager.try_out(document)
    yield json_text(decision)
    if not decision.allow:
        sys.exit(FAILED_EXIT)


@command(policy, "try <path>", _would_change, given="input")
def dry_run(
    path: File,
    name: OwnName = None,
    given: Annotated[TextIO | None, INPUT, "One more input, JSON."] = None,
) -> PolicyDryRun:
    """Try PATH, a .rego or .json file, on recent inputs, and show the changed decisions."""
    name = name or path.stem
    asked = None if given is None else parsed(given, given.name)
    with managing() as manager:
        if path.suffix == ".json":
            return manager.dry_run_document(name, parsed(read_text(path), str(path)), asked)
        return manager.dry_run(name, read_text(path), tests_beside(path), asked)


@command(policy, "fmt-check <paths>")
def format_check(
    paths: Annotated[tuple[Path, ...], click.Path(exists=True, path_type=Path)],
) -> Iterator[str]:
    """Show where .rego files in PATHS differ from the layout of `opa fmt`. Exit status 1 then."""
    found = 0
    files = [file for path in paths for file in (path.rglob("*.rego") if path.is_dir() else [path])]
    for file in sorted(files):
        for line, what in problems_of(file.read_bytes()):
            found += 1
            yield f"{file}:{line}: {what}"
    yield f"{len(files)} files, {found} problems"
    if found:
        sys.exit(FAILED_EXIT)


def _verdict(answer: Answer) -> str:
    if answer.error is not None:
        return f"no verdict ({answer.error})"
    return "allowed" if answer.allow else f"denied ({', '.join(answer.deny)})"


def problems_of(raw: bytes) -> list[tuple[int, str]]:
    """Differences of a file from the layout of ``opa fmt``: line (from 1) and message.

    Raw strings over several lines are distinguished from code, since their blanks are content.
    """
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        return [(raw[: error.start].count(b"\n") + 1, "is not UTF-8")]
    if not text:
        return [(1, "is empty")]
    return list(_problems(text))


def _problems(text: str) -> Iterator[tuple[int, str]]:
    lines = text.split("\n")
    inside = False
    for number, line in enumerate(lines[:-1], 1):
        began_inside, inside = inside, inside ^ (_backquotes(line) % 2 == 1)
        if began_inside:
            continue
        if "\r" in line:
            yield number, "ends with a carriage return"
        elif line != line.rstrip() and not inside:
            yield number, "ends with blanks"
        if line.startswith(" "):
            yield number, "is indented with blanks; use tabs"
        if not line and number > 1 and not lines[number - 2]:
            yield number, "is a second blank line"
    if lines[-1]:
        yield len(lines), "does not end with a newline"
    elif len(lines) > 1 and not lines[-2]:
        yield len(lines) - 1, "is a blank line at the end"


def _backquotes(line: str) -> int:
    """Backquotes outside of comments and quoted strings."""
    count, quoted, escaped = 0, False, False
    for letter in line:
        if escaped:
            escaped = False
        elif quoted:
            escaped, quoted = letter == "\\", letter != '"'
        elif letter == "`":
            count += 1
        elif count % 2 == 0 and letter == '"':
            quoted = True
        elif count % 2 == 0 and letter == "#":
            break
    return count
