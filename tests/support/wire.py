"""Names on which others rely, as lines of text: routes, commands, settings and metrics.

``tests/golden`` holds the lines as they were agreed upon; ``tests/integration/test_wire.py``
compares. Descriptions are left out: words may get better. After an intended change::

    python -m tests.support.wire
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import click
from flask import Flask

from tests.support.commands_page import commands
from yoto.monitor import metric_names
from yoto.room import rooms_of

GOLDEN = Path(__file__).parent.parent / "golden"
BOUNDS = ("format", "enum", "pattern", "default", "minimum", "maximum", "minLength", "maxLength")
METHODS = ("get", "post", "put", "patch", "delete")


def wire(app: Flask) -> dict[str, list[str]]:
    """The lines of each golden file, by its name."""
    client = app.test_client()
    return {
        "api": list(document_lines(client.get("/api/openapi.json").get_json())),
        "control_api": list(document_lines(client.get("/control/api/openapi.json").get_json())),
        "commands": list(command_lines(app)),
        "settings": list(setting_lines(app)),
        "metrics": sorted(
            [*metric_names.HELP, *(name for one in rooms_of(app) for name in one.series())]
        ),
    }


def document_lines(document: Mapping[str, Any]) -> Iterator[str]:
    """An OpenAPI document: its operations by path, then its schemas by name."""
    for path, item in sorted(document["paths"].items()):
        shared = item.get("parameters", [])
        for method in METHODS:
            operation = item.get(method)
            if operation is not None:
                yield f"{method.upper()} {path} {operation['operationId']}"
                yield from _operation_lines(operation, [*shared, *operation.get("parameters", [])])
    for name, schema in sorted(document["components"]["schemas"].items()):
        yield f"{name} {_type(schema)}"
        required = schema.get("required", ())
        for field, inner in sorted(schema.get("properties", {}).items()):
            yield f"  {field} {_type(inner)}{' required' if field in required else ''}"


def _operation_lines(
    operation: Mapping[str, Any], parameters: Iterable[Mapping[str, Any]]
) -> Iterator[str]:
    for one in sorted(parameters, key=lambda one: (one.get("in", ""), one.get("name", ""))):
        if "$ref" in one:
            yield f"  {one['$ref']}"
        else:
            needed = " required" if one.get("required") else ""
            yield f"  {one['in']} {one['name']} {_type(one.get('schema', {}))}{needed}"
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        yield f"  body {kind} {_type(content.get('schema', {}))}"
    for status, answer in sorted(operation["responses"].items()):
        shapes = [
            f"{kind} {_type(content.get('schema', {}))}"
            for kind, content in answer.get("content", {}).items()
        ]
        yield " ".join(["  ->", str(status), *(shapes or [answer.get("$ref", "")])]).rstrip()
    credentials = ["+".join(sorted(one)) for one in operation.get("security", [])]
    yield f"  by {' | '.join(credentials) or 'anybody'}"


def _type(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    for joined in ("allOf", "anyOf", "oneOf"):
        if joined in schema:
            shown = "|".join(_type(one) for one in schema[joined])
            return shown + ("|null" if schema.get("nullable") else "")
    kind = schema.get("type", "any")
    shown = "|".join(kind) if isinstance(kind, list) else str(kind)
    if "items" in schema:
        shown = f"[{_type(schema['items'])}]"
    if isinstance(schema.get("additionalProperties"), Mapping):
        shown = f"{{{_type(schema['additionalProperties'])}}}"
    bounds = [f"{name}={schema[name]!r}" for name in BOUNDS if name in schema]
    return " ".join([shown + ("|null" if schema.get("nullable") else ""), *bounds])


def command_lines(app: Flask) -> Iterator[str]:
    """Each command with its arguments and options."""
    for name, command in commands(app.cli):
        yield name
        for parameter in command.params:
            if parameter.name != "help":
                yield f"  {_parameter(parameter)}"


def _parameter(parameter: click.Parameter) -> str:
    kind = parameter.type
    shown = kind.name
    if isinstance(kind, click.Choice):
        shown = "|".join(map(str, kind.choices))
    if isinstance(kind, click.IntRange | click.FloatRange):
        shown += f" {kind.min}..{kind.max}"
    names = [*parameter.opts, *parameter.secondary_opts]
    # A default that is found while it runs (who has the terminal) differs by machine.
    default = "" if callable(parameter.default) else f" ={parameter.to_info_dict()['default']}"
    marks = "".join(
        mark
        for mark, holds in (
            (" required", parameter.required),
            (" many", parameter.multiple or parameter.nargs != 1),
            (default, parameter.default is not None and default != " =None"),
        )
        if holds
    )
    return f"{'/'.join(names)} {shown}{marks}"


def setting_lines(app: Flask) -> Iterator[str]:
    """Each configuration key with its default."""
    from config import Base

    keys = {name: getattr(Base, name) for name in dir(Base) if name.isupper()}
    for room in rooms_of(app):
        keys |= {key: one.default for key, one in room.keys.items()}
    for name, default in sorted(keys.items()):
        yield f"{name} {default!r}"


def main() -> None:
    """Write the golden files anew."""
    from app import create_app

    with tempfile.TemporaryDirectory() as folder:
        app = create_app("testing", instance_path=folder)
        for name, lines in wire(app).items():
            (GOLDEN / f"{name}.txt").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
