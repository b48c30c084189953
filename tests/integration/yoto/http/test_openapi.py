"""The OpenAPI document is valid, complete, and says what the routes do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.applications import another_app
from yoto.auth.access import PUBLIC_MARK
from yoto.http.api import API_PREFIX
from yoto.http.control_api import CONTROL_API_PREFIX
from yoto.http.wsgi import MEDIA_TYPE

METHODS = {"get", "put", "post", "delete", "patch"}
PATH_ITEM_FIELDS = METHODS | {"parameters", "summary", "description", "servers"}
OPERATION_FIELDS = {
    "tags",
    "summary",
    "description",
    "operationId",
    "parameters",
    "requestBody",
    "responses",
    "deprecated",
    "security",
}
# JSON Schema 2020-12 as far as a field of ours can need it; "nullable" is OpenAPI 3.0.
SCHEMA_FIELDS = {
    *("type", "format", "enum", "const", "pattern", "default", "title", "description", "$ref"),
    "examples",
    *("properties", "required", "additionalProperties", "items", "minItems", "maxItems"),
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength"),
    *("anyOf", "oneOf", "allOf", "readOnly", "writeOnly"),
}
API, CONTROL = "/api/openapi.json", f"{CONTROL_API_PREFIX}/openapi.json"
PREFIXES = {API: API_PREFIX, CONTROL: CONTROL_API_PREFIX}
# Routes that no blueprint of ours has.
UNDOCUMENTED = {CONTROL}
TYPES = {"string", "integer", "number", "boolean", "array", "object", "null"}


@pytest.fixture(params=[API, CONTROL], ids=["application", "operators"])
def address(request: pytest.FixtureRequest) -> str:
    """Where one of the two documents is."""
    found: str = request.param
    return found


@pytest.fixture
def document(client: FlaskClient, address: str) -> dict[str, Any]:
    answer = client.get(address)
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    found: dict[str, Any] = answer.get_json()
    return found


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method in METHODS & item.keys():
            yield path, method, item[method]


def resolved(document: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        found: Any = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        node = found
    return node


def parameters(document: dict[str, Any], path: str, method: str) -> list[dict[str, Any]]:
    item = document["paths"][path]
    both = [*item.get("parameters", []), *item[method].get("parameters", [])]
    return [resolved(document, parameter) for parameter in both]


def schemas(node: Any) -> Iterator[dict[str, Any]]:
    """All schemas within a part of the document, nested ones too."""
    if isinstance(node, list):
        for value in node:
            yield from schemas(value)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key == "schema":
                yield from nested(value)
            elif key == "schemas":
                for schema in value.values():
                    yield from nested(schema)
            else:
                yield from schemas(value)


def nested(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield schema
    inner = [*schema.get("properties", {}).values()]
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            inner.append(schema[key])
    for key in ("anyOf", "oneOf", "allOf"):
        inner += schema.get(key, [])
    for child in inner:
        yield from nested(child)


def test_it_is_openapi_3_1_with_what_that_requires(document: dict[str, Any]) -> None:
    assert re.fullmatch(r"3\.1\.\d+", document["openapi"])
    assert document["info"]["title"] and document["info"]["version"]
    assert document.keys() <= {"openapi", "info", "paths", "components", "tags", "servers"}
    assert all(path.startswith("/") for path in document["paths"])
    assert all(item.keys() <= PATH_ITEM_FIELDS for item in document["paths"].values())


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    def references(node: Any) -> Iterator[str]:
        if isinstance(node, dict):
            for key, value in node.items():
                if key == "$ref":
                    yield value
                else:
                    yield from references(value)
        elif isinstance(node, list):
            for value in node:
                yield from references(value)

    found = set(references(document))
    assert len(found) > 10
    for reference in found:
        assert reference.startswith("#/")
        resolved(document, {"$ref": reference})


def test_every_operation_is_named_once_tagged_and_summed_up(document: dict[str, Any]) -> None:
    found = [operation for _, _, operation in operations(document)]
    ids = [operation["operationId"] for operation in found]
    assert len(ids) == len(set(ids)) >= 8
    tags = {tag["name"] for tag in document["tags"]}
    for operation in found:
        assert operation.keys() <= OPERATION_FIELDS
        assert operation["summary"] and set(operation["tags"]) <= tags


def test_every_response_has_a_status_and_a_description(document: dict[str, Any]) -> None:
    for path, method, operation in operations(document):
        statuses = set(operation["responses"])
        assert any(status.startswith("2") for status in statuses), (path, method)
        for status, response in operation["responses"].items():
            assert re.fullmatch(r"default|[1-5]\d\d", status)
            assert resolved(document, response)["description"]
        assert "content" not in operation["responses"].get("204", {})


def test_every_error_is_documented_as_a_problem(document: dict[str, Any]) -> None:
    for path, method, operation in operations(document):
        for status, response in operation["responses"].items():
            if status == "default" or int(status) >= 400:
                content = resolved(document, response)["content"]
                assert list(content) == [MEDIA_TYPE], (path, method, status)
                assert content[MEDIA_TYPE]["schema"]["$ref"].endswith("/Problem")


def test_parameters_are_declared_once_and_match_the_path(document: dict[str, Any]) -> None:
    for path, method, _ in operations(document):
        found = parameters(document, path, method)
        keys = [(parameter["in"], parameter["name"]) for parameter in found]
        assert len(keys) == len(set(keys))
        in_path = {parameter["name"] for parameter in found if parameter["in"] == "path"}
        assert in_path == set(re.findall(r"{(\w+)}", path))
        for parameter in found:
            assert parameter["in"] in ("path", "query", "header")
            assert parameter["schema"]
            assert parameter["in"] != "path" or parameter["required"] is True


def test_every_schema_uses_only_words_of_json_schema(document: dict[str, Any]) -> None:
    found = list(schemas(document))
    assert len(found) > 30
    for schema in found:
        assert schema.keys() <= SCHEMA_FIELDS, schema
        types = schema.get("type", [])
        assert set([types] if isinstance(types, str) else types) <= TYPES
        assert set(schema.get("required", ())) <= schema.get("properties", {}).keys()
        assert not schema.get("enum") == []
        if "$ref" in schema:
            assert schema.keys() <= {"$ref", "description"}


def documented(app: Flask, address: str) -> dict[tuple[str, str], Any]:
    """Path and method of every REST route of a document, with its view."""
    found = {}
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith(PREFIXES[address]) and rule.rule not in UNDOCUMENTED:
            path = re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule.rule)
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
                found[path, method.lower()] = app.view_functions[rule.endpoint]
    return found


def test_it_has_every_route_and_no_other(
    app: Flask, address: str, document: dict[str, Any]
) -> None:
    found = {(path, method) for path, method, _ in operations(document)}
    assert found == set(documented(app, address))


def test_it_says_which_operations_need_which_credentials(
    app: Flask, address: str, document: dict[str, Any]
) -> None:
    schemes = document["components"]["securitySchemes"]
    if address == API:
        assert schemes == {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
    else:
        assert schemes.keys() == {"session", "csrf", "token"}
        assert schemes["csrf"]["name"] == "X-CSRF-Token"
    views = documented(app, address)
    for path, method, operation in operations(document):
        if operation["operationId"] == "refresh":
            continue
        public = hasattr(views[path, method], PUBLIC_MARK)
        needed: list[dict[str, list[str]]] = [{"bearer": []}]
        if address == CONTROL:
            cookie = {"session": []} if method == "get" else {"session": [], "csrf": []}
            needed = [cookie, {"token": []}]
        assert operation.get("security") == (None if public else needed)
        assert public or "401" in operation["responses"]


def test_it_says_what_a_body_may_be_refused_for(document: dict[str, Any]) -> None:
    for _, _, operation in operations(document):
        if "requestBody" in operation:
            assert {"400", "413", "415", "422"} <= operation["responses"].keys()


def test_it_says_which_operations_of_operators_take_a_key(client: FlaskClient) -> None:
    """All that change something; some only look, although they are asked by POST."""
    document = client.get(CONTROL).get_json()
    looking = {
        *("explain_verdict", "test_policy", "test_policy_document"),
        *("validate_config", "dry_run_config", "preview_invalidation"),
        *("replay_decision", "try_act"),
    }
    without = set()
    for path, method, operation in operations(document):
        names = {one["name"] for one in parameters(document, path, method)}
        if "Idempotency-Key" in names:
            assert method != "get" and {"409", "422"} <= operation["responses"].keys()
        elif method != "get":
            without.add(operation["operationId"])
    assert without == looking


def test_it_says_which_operations_of_people_take_a_key(client: FlaskClient) -> None:
    """Each POST that changes something, but what is about sign-ins: there answers are secrets."""
    document = client.get(API).get_json()
    of_sign_ins = {"register", "login", "refresh", "logout", "change_password"}
    looking = {"check_permission", "check_batch", "check_users", "explain", "take_snapshot"}
    looking |= {"try_act", "view_as_roles"}
    without = set()
    for path, method, operation in operations(document):
        names = {one["name"] for one in parameters(document, path, method)}
        if "Idempotency-Key" in names:
            assert method == "post" and {"409", "422"} <= operation["responses"].keys()
        elif method == "post" and path.startswith("/api/v1/"):
            without.add(operation["operationId"])
    assert without == of_sign_ins | looking | {"record_behaviour"}


def test_two_applications_serve_the_same_document(
    app_config: dict[str, Any], address: str, document: dict[str, Any], tmp_path: Any
) -> None:
    with another_app(app_config, tmp_path / "other") as other:
        assert other.test_client().get(address).get_json() == document


def test_all_who_ask_first_at_the_same_time_get_the_whole_document(app: Flask) -> None:
    """It is made when it is first asked for."""
    with ThreadPoolExecutor(4) as readers:
        asked = [readers.submit(app.test_client().get, "/api/openapi.json") for _ in range(4)]
    first, *others = [one.result().get_json()["paths"] for one in asked]
    assert "/api/v1/auth/me" in first
    assert others == [first] * 3
