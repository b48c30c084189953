"""The API documentation page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, Response, current_app, render_template

from yoto.auth.access import public
from yoto.nodes import MAX_ID

METHODS = ("get", "post", "put", "patch", "delete")
SCHEMA_PREFIX = "#/components/schemas/"
# Facets of a schema that a reader wants to see, and how they are shown.
FACETS = {
    "minimum": "at least {}",
    "maximum": "at most {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "pattern": "like {}",
    "default": "{} by default",
}


@dataclass(frozen=True, slots=True)
class Type:
    """The type of a value. ``schema`` is the name of a schema of the document, if it is one."""

    text: str
    schema: str | None = None
    facets: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter, or a field of a body."""

    name: str
    type: Type
    required: bool
    description: str
    place: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """One documented response."""

    status: str
    description: str
    type: Type | None


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path."""

    id: str
    method: str
    path: str
    summary: str
    description: str
    needs_token: bool
    parameters: list[Field]
    body: Type | None
    responses: list[Answer]


@dataclass(frozen=True, slots=True)
class Section:
    """The operations of one tag."""

    name: str
    description: str
    operations: list[Operation] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Outline:
    """A whole document."""

    title: str
    version: str
    description: str
    sections: list[Section]
    schemas: dict[str, list[Field]]


def outline(document: Mapping[str, Any]) -> Outline:
    """Make the rows. References are followed one step; schemas are listed once, by name."""
    sections = {
        tag["name"]: Section(tag["name"], tag.get("description", "")) for tag in document["tags"]
    }
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                operation = _operation(document, path, method, item)
                sections[item[method]["tags"][0]].operations.append(operation)
    schemas = document["components"]["schemas"]
    used = _used_schemas(document)
    return Outline(
        title=document["info"]["title"],
        version=document["info"]["version"],
        description=document["info"].get("description", ""),
        sections=[section for section in sections.values() if section.operations],
        schemas={name: _fields(schemas[name]) for name in sorted(schemas) if name in used},
    )


def _operation(
    document: Mapping[str, Any], path: str, method: str, item: Mapping[str, Any]
) -> Operation:
    facts = item[method]
    parameters = [*item.get("parameters", ()), *facts.get("parameters", ())]
    body = facts.get("requestBody")
    return Operation(
        id=facts["operationId"],
        method=method.upper(),
        path=path,
        summary=facts.get("summary", ""),
        description=facts.get("description", ""),
        needs_token=bool(facts.get("security")),
        parameters=[_parameter(_resolved(document, parameter)) for parameter in parameters],
        body=_content_type(body) if body else None,
        responses=[
            _answer(document, status, facts["responses"][status])
            for status in sorted(facts["responses"])
        ],
    )


def _parameter(facts: Mapping[str, Any]) -> Field:
    return Field(
        name=facts["name"],
        type=_type(facts["schema"]),
        required=facts.get("required", False),
        description=facts.get("description", ""),
        place=facts["in"],
    )


def _answer(document: Mapping[str, Any], status: str, facts: Mapping[str, Any]) -> Answer:
    facts = _resolved(document, facts)
    return Answer(status, facts.get("description", ""), _content_type(facts))


def _content_type(facts: Mapping[str, Any]) -> Type | None:
    for content in facts.get("content", {}).values():
        if "schema" in content:
            return _type(content["schema"])
    return None


def _fields(schema: Mapping[str, Any]) -> list[Field]:
    required = schema.get("required", ())
    return [
        Field(name, _type(facts), name in required, facts.get("description", ""))
        for name, facts in schema.get("properties", {}).items()
    ]


def _type(schema: Mapping[str, Any]) -> Type:
    reference = schema.get("$ref", "")
    if reference.startswith(SCHEMA_PREFIX):
        name = reference.removeprefix(SCHEMA_PREFIX)
        return Type(name, name)
    choices = schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf")
    if choices:
        types = [_type(choice) for choice in choices]
        named = next((type_.schema for type_ in types if type_.schema), None)
        return Type(" or ".join(type_.text for type_ in types), named)
    if "enum" in schema:
        return Type(" | ".join(str(value) for value in schema["enum"]), facets=_facets(schema))
    if schema.get("type") == "array" or "array" in _names(schema):
        items = _type(schema.get("items", {}))
        return Type(f"list of {items.text}", items.schema, _facets(schema))
    text = " or ".join(_names(schema)) or "any"
    shown = f"{text} ({schema['format']})" if "format" in schema else text
    return Type(shown, facets=_facets(schema))


def _names(schema: Mapping[str, Any]) -> list[str]:
    names = schema.get("type", [])
    return [names] if isinstance(names, str) else list(names)


def _facets(schema: Mapping[str, Any]) -> str:
    words = (
        text.format(schema[facet])
        for facet, text in FACETS.items()
        if schema.get(facet) and schema[facet] != MAX_ID
    )
    return ", ".join(words)


def _resolved(document: Mapping[str, Any], facts: Mapping[str, Any]) -> Mapping[str, Any]:
    """The part of the document that a reference points at."""
    if "$ref" not in facts:
        return facts
    found: Any = document
    for part in facts["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    return found  # type: ignore[no-any-return]


def _used_schemas(document: Mapping[str, Any]) -> set[str]:
    """Names of the schemas that something in the document refers to."""
    return {
        reference.removeprefix(SCHEMA_PREFIX)
        for reference in _references(document)
        if reference.startswith(SCHEMA_PREFIX)
    }


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, Mapping):
        for key, value in node.items():
            if key == "$ref":
                yield value
            else:
                yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)


EXTENSION = "yoto.docs"

docs = Blueprint("docs", __name__)


@docs.get("/api/docs")
@public("whoever writes a client has no account yet")
def page() -> Response:
    """The whole API on one page; it works without a script.

    Made once: neither it nor the document changes while the application runs.
    """
    extensions = current_app.extensions
    if EXTENSION not in extensions:
        api = outline(extensions["yoto.openapi"].spec.to_dict())
        extensions[EXTENSION] = render_template("docs/api.html", api=api).encode()
    return Response(extensions[EXTENSION], mimetype="text/html")
