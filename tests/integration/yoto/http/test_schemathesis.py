"""Schemathesis reads each OpenAPI document and tries what it allows, and what it does not.

No answer is a server error, none has a status, a media type or a body that the document lacks. And
no request takes a second connection of the requests while it holds one: there is no second.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, reject, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.support.operators import RIGHTS, api_token, operator_named
from tests.support.require import TEST_ALL
from tests.support.world import World
from yoto.store.db import db

EXAMPLES = int(os.environ.get("YOTO_TEST_EXAMPLES", "1"))  # of each kind for each operation
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
# Requests that the document does not allow are the long form: each check of input has tests.
KINDS = [
    schemathesis.GenerationMode.POSITIVE,
    *([schemathesis.GenerationMode.NEGATIVE] if TEST_ALL else []),
]
METHODS = {"get", "put", "post", "delete", "patch"}
# Operations that end the sign-in that they are called with: each call has one of its own.
ENDING = {"/api/v1/auth/logout"}
Headers = Callable[[], dict[str, str]]
ONE_CONNECTION = {"pool_size": 1, "max_overflow": 0, "pool_timeout": 0.2}


@pytest.fixture
def app_config(app_config: dict[str, Any]) -> dict[str, Any]:
    return app_config | {"SQLALCHEMY_ENGINE_OPTIONS": ONE_CONNECTION}


def documented(app: Flask, address: str) -> int:
    """How many operations a document has."""
    paths = app.test_client().get(address).get_json()["paths"]
    return sum(len(METHODS & item.keys()) for item in paths.values())


def try_all(app: Flask, address: str, headers: Headers, fresh: Headers | None = None) -> int:
    """Try every operation of a document, and return how many there were.

    Args:
        fresh: headers of somebody new, for operations that end a sign-in.

    Raises:
        ExceptionGroup: the faults found, of all operations.
    """
    document = schemathesis.openapi.from_wsgi(address, app)
    tried, wrong = 0, []
    for found in document.get_all_operations():
        operation = found.ok()
        tried += 1
        chosen = fresh if operation.path in ENDING else headers
        assert chosen is not None
        for kind in KINDS:
            try:
                try_operation(operation, kind, chosen)
            except Exception as error:
                wrong.append(error)
    with app.app_context():
        assert db.engine.pool.use().timed_out == 0  # type: ignore[attr-defined]
    if wrong:
        raise ExceptionGroup(f"{len(wrong)} of {tried} operations", wrong)
    return tried


def try_operation(operation: Any, kind: Any, headers: Headers) -> None:
    try:
        strategy = operation.as_strategy(generation_mode=kind)
    except Exception as error:
        raise AssertionError(f"{operation.label} cannot be tried") from error

    @given(case=strategy)
    @settings(
        max_examples=EXAMPLES,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def one(case: Any) -> None:
        try:
            # A compressed answer is not read here.
            answer = case.call(headers={**headers(), "Accept-Encoding": "identity"})
        except ValueError:
            reject()  # an address that no client can send, such as one with a lone bracket
        case.validate_response(answer, checks=CHECKS)

    one()


def test_the_applications_document_tells_the_truth(app: Flask, world: World) -> None:
    world.server()
    root = world.user("root", super_admin=True)
    address, tokens = "/api/openapi.json", iter(range(1000))

    def fresh() -> dict[str, str]:
        return world.user(f"leaver{next(tokens)}").headers

    assert try_all(app, address, lambda: root.headers, fresh) == documented(app, address) > 100


def test_the_operators_document_tells_the_truth(app: Flask, world: World) -> None:
    world.server()
    person = operator_named(world, "ada", *RIGHTS)

    def headers() -> dict[str, str]:
        _, secret = api_token(app, person)
        return {"Authorization": f"Bearer {secret}"}

    address = "/control/api/openapi.json"
    assert try_all(app, address, headers) == documented(app, address) > 100
