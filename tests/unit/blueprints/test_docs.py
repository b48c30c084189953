"""OpenAPI documents as rows."""

from __future__ import annotations

from typing import Any

import pytest

from app.blueprints.docs import Type, _type, outline
from yoto.nodes import MAX_ID


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string"}, Type("string")),
        (
            {"type": ["string", "null"], "maxLength": 5},
            Type("string or null", None, "at most 5 characters"),
        ),
        ({"type": "string", "format": "date-time"}, Type("string (date-time)")),
        ({"type": "integer", "minimum": 1, "maximum": MAX_ID}, Type("integer", None, "at least 1")),
        ({"type": "integer", "default": 50}, Type("integer", None, "50 by default")),
        ({"type": "string", "enum": ["allow", "deny"]}, Type("allow | deny")),
        ({"$ref": "#/components/schemas/Role"}, Type("Role", "Role")),
        (
            {"type": "array", "items": {"$ref": "#/components/schemas/Role"}},
            Type("list of Role", "Role"),
        ),
        ({"type": ["array", "null"], "items": {"type": "integer"}}, Type("list of integer")),
        (
            {"anyOf": [{"$ref": "#/components/schemas/Role"}, {"type": "null"}]},
            Type("Role or null", "Role"),
        ),
        ({}, Type("any")),
    ],
)
def test_a_schema_is_told_in_words(schema: dict[str, Any], expected: Type) -> None:
    assert _type(schema) == expected


DOCUMENT: dict[str, Any] = {
    "info": {"title": "An API", "version": "7"},
    "tags": [{"name": "roles", "description": "Roles"}, {"name": "empty"}],
    "paths": {
        "/roles/{role_id}": {
            "parameters": [
                {"in": "path", "name": "role_id", "required": True, "schema": {"type": "integer"}}
            ],
            "patch": {
                "operationId": "change_role",
                "summary": "Change a role",
                "tags": ["roles"],
                "security": [{"bearer": []}],
                "requestBody": {
                    "content": {
                        "application/json": {"schema": {"$ref": "#/components/schemas/Change"}}
                    }
                },
                "responses": {
                    "404": {"$ref": "#/components/responses/NOT_FOUND"},
                    "204": {"description": "Done"},
                },
            },
        }
    },
    "components": {
        "schemas": {
            "Change": {"required": ["name"], "properties": {"name": {"type": "string"}}},
            "Forgotten": {"properties": {}},
        },
        "responses": {"NOT_FOUND": {"description": "Not there"}},
    },
}


def test_an_operation_is_told_with_what_it_takes_and_answers() -> None:
    [section] = outline(DOCUMENT).sections
    [operation] = section.operations
    assert (section.name, section.description) == ("roles", "Roles")
    assert (operation.id, operation.method, operation.path) == (
        "change_role",
        "PATCH",
        "/roles/{role_id}",
    )
    assert operation.needs_token
    assert [(field.name, field.place) for field in operation.parameters] == [("role_id", "path")]
    assert operation.body == Type("Change", "Change")
    answers = [(answer.status, answer.description) for answer in operation.responses]
    assert answers == [("204", "Done"), ("404", "Not there")]


def test_schemas_that_nothing_refers_to_are_left_out() -> None:
    schemas = outline(DOCUMENT).schemas
    assert list(schemas) == ["Change"]
    assert [(field.name, field.required) for field in schemas["Change"]] == [("name", True)]
