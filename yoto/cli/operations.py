"""The commands of the terminal, made from declared operations."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import click
from flask.cli import AppGroup

from yoto.cli.acts import acting
from yoto.cli.options import Duration, as_json, echo_json, ending, says_who, with_reason
from yoto.operate.operation import REQUIRED, Between, Command, Hint, Operation, Parameter, Subject

PLAIN: dict[Any, click.ParamType[Any]] = {int: click.INT, float: click.FLOAT, str: click.STRING}
# Why and who come last in every help.
ORDER = (None, "until", "reason", "author")


def group_of(subject: Subject) -> AppGroup:
    """The commands of a subject, in a group that is named by the last word of its own."""
    made = AppGroup(subject.group.split()[-1], help=subject.help)
    for operation in subject.operations:
        for command in operation.commands:
            made.command(command.name, help=command.help or inspect.getdoc(operation.function))(
                _callback(operation, command)
            )
    return made


def _callback(operation: Operation, command: Command) -> Callable[..., None]:
    open_ones = sorted(
        (one for one in operation.parameters if one.name not in (*command.fixed, "version")),
        key=lambda one: ORDER.index(one.common),
    )

    def run(**given: Any) -> None:
        machine = given.pop("as_json")
        if "until" in given:
            given["until"] = ending(given["until"])
        if "actor" in given:
            given["by"] = given.pop("actor")
        with acting():
            found = operation.function(**given, **command.fixed)
        if machine:
            echo_json(found)
            return
        for line in command.text(found, **given):
            click.echo(line)

    callback: Callable[..., None] = as_json(run)
    for one in reversed(open_ones):
        callback = _given(one, operation, command)(callback)
    return callback


def _given(one: Parameter, operation: Operation, command: Command) -> Callable[[Any], Any]:
    """The argument or option for a parameter."""
    match one.common:
        case "reason":
            return with_reason
        case "author":
            return says_who
        case "until":
            words = "How long, such as 2h; then it ends by itself."
            return click.option("--for", "until", type=Duration(), help=words)
    parts = one.parts
    kind = _type(parts)
    if one.name in operation.in_path or one.name in command.arguments:
        return click.argument(one.name, type=kind)
    options: dict[str, Any] = {"required": True}
    if one.default is not REQUIRED:
        options = {"default": one.default, "show_default": True}
    name = f"--{one.name.replace('_', '-')}"
    return click.option(name, type=kind, help=parts.note(str), **options)


def _type(parts: Hint) -> click.ParamType[Any]:
    if parts.choices is not None:
        return click.Choice(list(parts.choices), case_sensitive=False)
    if (bounds := parts.note(Between)) is None:
        return PLAIN[parts.kind]
    least, most, above = bounds
    if parts.kind is float:
        return click.FloatRange(least, most, min_open=above)
    return click.IntRange(int(least), int(most))
