"""Commands and routes that guides mention are there: a reader may copy them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import click
import pytest
from click.testing import CliRunner
from flask import Flask
from flask.cli import routes_command, run_command, shell_command

from yoto.cli import guest_commands
from yoto.rooms.own_operators.commands import operators

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "README.md", ROOT / "README.zh-CN.md", *sorted((ROOT / "docs").rglob("*.md")))

SPAN = re.compile(r"`([^`\n]+)`")
# A line of a terminal: in a block of code, or indented.
AT_A_TERMINAL = re.compile(r"^(?: {4}|\$ )(?:\$ )?flask (?:--app app )?(.+)$", re.MULTILINE)
ROUTE = re.compile(r"(?:(GET|POST|PUT|DELETE) )?((?:/control/api|/api/v1|\.\.\.)/[^\s?`]+)")
PLACEHOLDER = re.compile(r"[A-Z][A-Z_]*")
# The text that a word in capitals stands for where it must be more than a word.
STANDS_FOR = {
    "FILE": "README.md",
    "input.json": "package.json",
    "drop.txt": "README.md",
    "...": "because",
}
# Commands that Flask adds to those of an application.
FLASKS_OWN = {str(one.name): one for one in (routes_command, run_command, shell_command)}


class Said(NamedTuple):
    """Something that a page says, and where."""

    where: str
    text: str


def said(pattern: re.Pattern[str]) -> Iterator[tuple[Said, re.Match[str]]]:
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for hit in pattern.finditer(text):
            line = text.count("\n", 0, hit.start()) + 1
            yield Said(f"{page.name}:{line}", hit[0]), hit


def command_of(app: Flask, words: list[str]) -> tuple[click.Command, list[str]]:
    """The command that ``words`` name, and the words behind its name.

    Raises:
        click.UsageError: there is none of that name.
    """
    command: click.Command = app.cli
    while isinstance(command, click.Group) and words and PLACEHOLDER.fullmatch(words[0]) is None:
        if words[0].startswith("-"):
            break
        found = command.get_command(click.Context(command), words[0])
        if found is None and command is app.cli:
            found = FLASKS_OWN.get(words[0])
        if found is None and command.name == "yoto":
            # The commands that it has in an application that Yoto is a guest in.
            guests = {str(one.name): one for one in (operators, *guest_commands(app))}
            found = guests.get(words[0])
        if found is None:
            raise click.UsageError(f"'{command.name}' has no command '{words[0]}'")
        command, words = found, words[1:]
    return command, words


def flaw_of(app: Flask, line: str) -> str | None:
    """Why a line of a terminal would be refused before anything is done."""
    try:
        command, words = command_of(app, shlex.split(line, comments=True))
        given = [STANDS_FOR.get(one, "1" if PLACEHOLDER.fullmatch(one) else one) for one in words]
        with (
            CliRunner().isolation(input="https://example.com/\n" * 3),
            command.make_context(command.name, given),
        ):
            return None
    except click.exceptions.Exit:  # --help
        return None
    except click.UsageError as error:
        return error.format_message()


def test_what_is_said_at_a_terminal_can_be_said(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    lines = list(said(AT_A_TERMINAL))
    flaws = [(one.where, hit[1], flaw) for one, hit in lines if (flaw := flaw_of(app, hit[1]))]
    assert flaws == [] and len(lines) > 80
    for wrong in ("cache warm", "cache melt", "locks release NAME --reason WHY", "queue stats --x"):
        assert flaw_of(app, wrong) is not None, wrong


def test_commands_that_are_mentioned_are_there(app: Flask) -> None:
    mentioned = [(one, hit[1]) for one, hit in said(SPAN) if hit[1].startswith("flask ")]
    flaws = []
    for one, text in mentioned:
        words = text.replace("--app app ", "").split()[1:]
        try:
            command, rest = command_of(app, words)
        except click.UsageError as error:
            flaws.append((one, error.format_message()))
            continue
        known = {name for param in command.params for name in param.opts} | {"--help"}
        unknown = {word for word in rest if word.startswith("--")} - known
        if unknown:
            flaws.append((one, f"no option {unknown}"))
    assert flaws == [] and len(mentioned) > 50


def is_there(app: Flask, method: str | None, path: str) -> bool:
    """Whether a route is, or with dots before it ends, as it is written."""
    segments = path.removeprefix("...").strip("/").split("/")
    for rule in app.url_map.iter_rules():
        parts = rule.rule.strip("/").split("/")
        if method is not None and method not in (rule.methods or ()):
            continue
        if path.startswith("..."):
            parts = parts[-len(segments) :]
        if len(parts) == len(segments) and all(map(_fits, segments, parts)):
            return True
    return False


def _fits(written: str, part: str) -> bool:
    if "<" in part:
        return written.startswith("<") or PLACEHOLDER.fullmatch(written) is not None
    return written == part


def test_routes_that_are_mentioned_are_there(app: Flask) -> None:
    flaws, count = [], 0
    for one, span in said(SPAN):
        for method, path in ROUTE.findall(span[1]):
            for each in _each(path):
                count += 1
                if not is_there(app, method or None, each):
                    flaws.append((one.where, method, each))
    assert flaws == [] and count > 70
    assert not is_there(app, "PUT", "/control/api/cache") and not is_there(app, None, ".../melt")


def _each(path: str) -> Iterator[str]:
    """The paths that ``/a/{b,c}`` stands for."""
    head, brace, rest = path.partition("{")
    if not brace:
        yield path.rstrip(".,;:)/")
        return
    choices, _, tail = rest.partition("}")
    for choice in choices.split(","):
        yield from _each(head + choice + tail)
