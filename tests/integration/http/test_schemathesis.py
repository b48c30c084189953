"""Schemathesis reads each OpenAPI document and tries what it allows, and what it does not.

No answer is a server error, none has a status, a media type or a body that the document lacks.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

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
from tests.support.world import World

EXAMPLES = int(os.environ.get("YOTO_TEST_EXAMPLES", "6"))  # of each kind for each operation
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
KINDS = [schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE]
# What would end the session that all others are tried with.
LEFT_OUT = {"/api/v1/auth/logout", "/api/v1/auth/password"}


def try_all(app: Flask, address: str, headers: Callable[[], dict[str, str]]) -> int:
    """Try every operation of a document; how many there are.

    Raises:
        ExceptionGroup: what was found, of all operations.
    """
    document = schemathesis.openapi.from_wsgi(address, app)
    tried, wrong = 0, []
    for found in document.get_all_operations():
        operation = found.ok()
        if operation.path in LEFT_OUT:
            continue
        tried += 1
        for kind in KINDS:
            try:
                try_operation(operation, kind, headers)
            except Exception as error:
                wrong.append(error)
    if wrong:
        raise ExceptionGroup(f"{len(wrong)} of {tried} operations", wrong)
    return tried


def try_operation(operation: Any, kind: Any, headers: Callable[[], dict[str, str]]) -> None:
    try:
        strategy = operation.as_strategy(generation_mode=kind)
    except Exception as error:
        raise AssertionError(f"{operation.label} cannot be tried") from error

    @given(case=strategy)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def one(case: Any) -> None:
        try:
            answer = case.call(headers=headers())
        except ValueError:
            reject()  # an address that no client can send, such as one with a lone bracket
        case.validate_response(answer, checks=CHECKS)

    one()


def test_the_applications_document_tells_the_truth(app: Flask, world: World) -> None:
    world.server()
    root = world.user("root", super_admin=True)
    assert try_all(app, "/api/openapi.json", lambda: root.headers) > 100


def test_the_operators_document_tells_the_truth(app: Flask, world: World) -> None:
    world.server()
    person = operator_named(world, "ada", *RIGHTS)

    def headers() -> dict[str, str]:
        _, secret = api_token(app, person)
        return {"Authorization": f"Bearer {secret}"}

    assert try_all(app, "/control/api/openapi.json", headers) >= 8
