"""The commands of the terminal, made from declared operations."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from itertools import chain
from typing import Any

import click
from flask.cli import AppGroup

from yoto.cli.acts import acting
from yoto.cli.options import (
    Duration,
    as_json,
    echo_json,
    ending,
    field_value,
    says_who,
    with_reason,
)
from yoto.operate.operation import (
    REQUIRED,
    Between,
    Command,
    Hint,
    Operation,
    Parameter,
    Seconds,
    Subject,
)

PLAIN: dict[Any, click.ParamType[Any]] = {int: click.INT, float: click.FLOAT, str: click.STRING}
# Why and who come last in every help.
ORDER = (None, "version", "until", "reason", "author")


def group_of(*subjects: Subject) -> AppGroup:
    """The commands of subjects, in a group that is named by the last word of their own."""
    made = AppGroup(subjects[0].group.split()[-1], help=subjects[0].help)
    for operation in chain.from_iterable(subject.operations for subject in subjects):
        for command in operation.commands:
            made.command(command.name, help=command.help or inspect.getdoc(operation.function))(
                _callback(operation, command)
            )
    return made


def _callback(operation: Operation, command: Command) -> Callable[..., None]:
    open_ones = sorted(
        (
            one
            for one in operation.parameters
            if one.name not in command.fixed
            and (one.common != "version" or one.default is REQUIRED)
        ),
        key=lambda one: ORDER.index(one.common),
    )

    def run(**given: Any) -> None:
        machine = given.pop("as_json", False)
        for name, called in command.called.items():
            given[name] = given.pop(called)
        if "until" in given:
            given["until"] = ending(given["until"])
        if "actor" in given:
            given["by"] = given.pop("actor")
        for one in open_ones:
            if (values := one.parts.values) is not None:
                pairs = (field_value(pair, plain=values is str) for pair in given[one.name])
                given[one.name] = dict(pairs)
        with acting():
            found = operation.function(**given, **command.fixed)
        if machine:
            echo_json(found)
            return
        for line in command.text(found, **given):
            click.echo(line)

    callback: Callable[..., None] = run if operation.answer is None else as_json(run)
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
        case "version":
            words = "Refuse if it is at another version by now."
            return click.option("--version", "version", type=int, help=words)
    parts = one.parts
    kind, called = _type(parts), command.called.get(one.name, one.name)
    required, pairs = one.default is REQUIRED, parts.values is not None
    if one.name in operation.in_path or one.name in command.arguments:
        shown: dict[str, Any] = {"nargs": -1, "metavar": "FIELD=VALUE..."} if pairs else {}
        return click.argument(called, type=kind, required=required, **shown)
    options: dict[str, Any] = {"required": required}
    if pairs:
        options |= {"multiple": True, "metavar": "NAME=VALUE"}
    elif not required:
        options |= {"default": one.default, "show_default": True}
    name = f"--{called.replace('_', '-')}"
    return click.option(name, type=kind, help=parts.note(str), **options)


def _type(parts: Hint) -> click.ParamType[Any]:
    if parts.choices is not None:
        return click.Choice(list(parts.choices), case_sensitive=False)
    if parts.note(Seconds) is not None:
        return Duration()
    if parts.values is not None:
        return click.STRING
    if parts.kind is str or (bounds := parts.note(Between)) is None:
        return PLAIN[parts.kind]
    least, most, above = bounds
    if parts.kind is float:
        return click.FloatRange(least, most, min_open=above)
    return click.IntRange(int(least), int(most))
