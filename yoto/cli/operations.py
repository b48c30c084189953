"""The commands of the terminal, made from operations and from functions with such annotations."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from enum import Enum
from itertools import chain
from typing import Any, TypeVar, get_origin

import click
from flask.cli import AppGroup

from yoto.cli import options
from yoto.cli.acts import acting
from yoto.http.operation import Command, Common, Operation, Subject
from yoto.http.shapes import REQUIRED, Between, Parameter, Seconds
from yoto.store.db import writing

F = TypeVar("F", bound=Callable[..., Any])
Text = Callable[..., Iterable[str]]

# Options of the common parameters, in their order at the end of every help.
COMMON = {
    Common.VERSION: options.seen_version,
    Common.UNTIL: options.how_long,
    Common.REASON: options.with_reason,
    Common.AUTHOR: options.says_who,
}
ORDER = (None, *COMMON)


def group_of(*subjects: Subject) -> AppGroup:
    """A group with the commands of subjects, named by the last word of the subjects' own group."""
    made = AppGroup(subjects[0].group.split()[-1], help=subjects[0].help)
    for operation in chain.from_iterable(subject.operations for subject in subjects):
        for one in operation.commands:
            _add(made, operation, one)
    return made


def command(
    group: AppGroup, usage: str, text: Text | None = None, *, writes: bool = False, **called: str
) -> Callable[[F], F]:
    """Make a function a command of ``group`` that is no operation of the API.

    Its annotations are those of operations, or types of click. It may return lines for people; with
    ``text`` it returns a result, from which ``text`` makes the lines, and the command has
    ``--json``.

    Args:
        usage: its name and, in angle brackets, its arguments: ``show <name>``.
        writes: whether its transactions write from the start (``writing``); not for a command
            whose act is recorded first, on another connection.
        called: names of parameters in the command, where they differ.
    """

    def add(function: F) -> F:
        # A generator would run after the transaction.
        assert not (writes and inspect.isgeneratorfunction(function)), usage
        named = Command(usage.split()[0], text or _as_lines, called=called)
        run = writing()(function) if writes else function
        _add(group, Operation(run, "", usage, ""), named, machine=text is not None)
        return function

    return add


def _as_lines(found: str | Iterable[str] | None, **given: Any) -> Iterable[str]:
    return [found] if isinstance(found, str) else found or ()


def _add(group: AppGroup, operation: Operation, one: Command, machine: bool = True) -> None:
    has_json = machine and one.has_json and operation.answer is not None
    callback = _callback(operation, one, has_json)
    text = one.help or inspect.getdoc(operation.function)
    group.command(one.name, help=text)(callback)


def _callback(operation: Operation, command: Command, has_json: bool) -> Callable[..., None]:
    open_ones = [
        one
        for one in sorted(operation.parameters, key=lambda one: ORDER.index(one.note(Common)))
        if one.name not in command.fixed
        and (one.note(Common) is not Common.VERSION or one.default is REQUIRED)
    ]

    def run(**given: Any) -> None:
        machine = given.pop("as_json", False)
        for name, called in command.called.items():
            given[name] = given.pop(called)
        with acting():
            found = operation.function(**given, **command.fixed)
            if machine:
                options.echo_json(found)
            # A failure in the result is an error in both output forms.
            for line in command.text(found, **given):
                if not machine:
                    click.echo(line)

    run.__module__ = operation.function.__module__  # the module that the command belongs to
    callback: Callable[..., None] = options.as_json(run) if has_json else run
    for one in reversed(open_ones):
        callback = _given(one, operation, command)(callback)
    return callback


def _given(one: Parameter, operation: Operation, command: Command) -> Callable[[Any], Any]:
    """The argument or option for a parameter."""
    if (named := one.note(Common)) is not None:
        return COMMON[named]
    kind, many = _type(one), one.is_mapping or get_origin(one.kind) is tuple
    called, required = command.called.get(one.name, one.name), one.default is REQUIRED
    pairs: dict[str, Any] = {"callback": lambda context, option, given: dict(given)}
    more = pairs if one.is_mapping else {}
    if operation.in_path(one.name) or one.name in command.arguments:
        form = "FIELD=VALUE..." if required else "[FIELD=VALUE...]"
        more |= {"metavar": form} if one.is_mapping else {}
        more |= {"nargs": -1} if many else {}
        return click.argument(called, type=kind, required=required, **more)
    more |= {"required": required, "multiple": many, "is_flag": one.kind is bool}
    if one.is_mapping:
        more |= {"metavar": "NAME=VALUE"}
    elif not required and one.default != ():
        is_time = isinstance(kind, options.Duration) and one.default is not None
        default = options.duration_text(one.default) if is_time else one.default
        default = default.value if isinstance(default, Enum) else default
        more |= {"default": default, "show_default": default not in ("", False)}
    name = f"--{called.replace('_', '-')}"
    return click.option(name, type=kind, help=one.note(str), **more)


def _type(one: Parameter) -> click.ParamType[Any] | type:
    bounds = one.note(Between)
    if (special := one.note(click.ParamType)) is not None:
        return special
    if one.is_mapping:
        return options.Pair(one.inner.kind is str)
    if one.choices is not None:
        return click.Choice(list(one.choices), case_sensitive=False)
    if isinstance(bounds, Seconds):
        return options.Duration()
    if bounds is None:
        return one.kind if one.kind in (bool, int, float) else str
    least, most, above = bounds
    if one.kind is float:
        return click.FloatRange(least, most, min_open=above)
    return click.IntRange(int(least), int(most))
