"""The commands of the terminal, made from declared operations."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from itertools import chain
from typing import Any

import click
from flask.cli import AppGroup

from yoto.cli import options
from yoto.cli.acts import acting
from yoto.http.shapes import REQUIRED, Between, Parameter, Seconds
from yoto.operate.operation import Command, Operation, Subject, common

PLAIN: dict[Any, click.ParamType[Any]] = {int: click.INT, float: click.FLOAT}
# Options of what means the same in every act, in the order in which they end every help.
COMMON = {
    "version": options.seen_version,
    "until": options.how_long,
    "reason": options.with_reason,
    "author": options.says_who,
}
ORDER = (None, *COMMON)


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
    open_ones = [
        one
        for one in sorted(operation.parameters, key=lambda one: ORDER.index(common(one)))
        if one.name not in command.fixed and (common(one) != "version" or one.default is REQUIRED)
    ]

    def run(**given: Any) -> None:
        machine = given.pop("as_json", False)
        for name, called in command.called.items():
            given[name] = given.pop(called)
        if "until" in given:
            given["until"] = options.ending(given["until"])
        if "actor" in given:
            given["by"] = given.pop("actor")
        for one in open_ones:
            if one.is_mapping:
                plain = one.inner.kind is str
                pairs = (options.field_value(pair, plain=plain) for pair in given[one.name])
                given[one.name] = dict(pairs)
        with acting():
            found = operation.function(**given, **command.fixed)
        if machine:
            options.echo_json(found)
        # What an answer says of a failure is an error of both forms.
        for line in command.text(found, **given):
            if not machine:
                click.echo(line)

    callback: Callable[..., None] = run if operation.answer is None else options.as_json(run)
    for one in reversed(open_ones):
        callback = _given(one, operation, command)(callback)
    return callback


def _given(one: Parameter, operation: Operation, command: Command) -> Callable[[Any], Any]:
    """The argument or option for a parameter."""
    if (named := common(one)) is not None:
        return COMMON[named]
    kind, called, required = (
        _type(one),
        command.called.get(one.name, one.name),
        one.default is REQUIRED,
    )
    if operation.in_path(one.name) or one.name in command.arguments:
        many: dict[str, Any] = {"nargs": -1, "metavar": "FIELD=VALUE..."} if one.is_mapping else {}
        return click.argument(called, type=kind, required=required, **many)
    more: dict[str, Any] = {"required": required}
    if one.is_mapping:
        more |= {"multiple": True, "metavar": "NAME=VALUE"}
    elif not required:
        more |= {"default": one.default, "show_default": True}
    name = f"--{called.replace('_', '-')}"
    return click.option(name, type=kind, help=one.note(str), **more)


def _type(one: Parameter) -> click.ParamType[Any]:
    bounds = one.note(Between)
    if one.choices is not None:
        return click.Choice(list(one.choices), case_sensitive=False)
    if isinstance(bounds, Seconds):
        return options.Duration()
    if bounds is None or one.kind not in PLAIN:
        return PLAIN.get(one.kind, click.STRING)
    least, most, above = bounds
    if one.kind is float:
        return click.FloatRange(least, most, min_open=above)
    return click.IntRange(int(least), int(most))
