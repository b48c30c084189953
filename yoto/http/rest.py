"""Shared parts of REST blueprints: strict bodies, ids that fit a column, honest documentation."""

from __future__ import annotations

import json
from collections.abc import Callable
from http import HTTPStatus
from math import isfinite
from typing import Any

import marshmallow as ma
from flask import Request
from flask_smorest import Blueprint
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import BadRequest, UnsupportedMediaType
from werkzeug.routing import IntegerConverter, Map

from yoto.auth.access import PUBLIC_MARK
from yoto.http.dumping import quicken
from yoto.http.idempotency import ONCE_MARK, document
from yoto.nodes import MAX_ID
from yoto.request.context import READ_ONLY_MARK, SAFE_METHODS


class StrictParser(FlaskParser):
    """A body must be a JSON document and say so; unknown fields and parameters are refused."""

    DEFAULT_UNKNOWN_BY_LOCATION = {**FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION, "query": ma.RAISE}

    def load_json(self, req: Request, schema: ma.Schema) -> Any:
        body = req.get_data(cache=True)
        if not body:
            return ma.missing
        if not req.is_json:
            raise UnsupportedMediaType("The body must be application/json.")
        try:
            return json_document(body)
        except (ValueError, RecursionError):
            raise BadRequest("The body is not a JSON document that can be read.") from None


class RestBlueprint(Blueprint):
    """A flask-smorest blueprint whose views are functions, each one documented operation.

    The function's name is the ``operationId``. The answers that follow from how a route is made
    are documented by themselves: 401 and 403 with the bearer token unless a view is ``@public``,
    429 where it changes something, 404 where the address names something, 400, 413 and 415 where
    there is a body, and 503
    everywhere: a store may be away.
    """

    ARGUMENTS_PARSER = StrictParser()

    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: Callable[..., Any] | None = None,
        provide_automatic_options: bool | None = None,
        **options: Any,
    ) -> None:
        super().add_url_rule(rule, endpoint, view_func, provide_automatic_options, **options)
        added = self._endpoints[-1]
        for method, info in self._docs[added].items():
            if method != "parameters":
                is_public = hasattr(view_func, PUBLIC_MARK)
                _document(info, added, rule, None if is_public else self.security_of(method))
                self.document_more(info["manual_doc"], method, view_func)

    def response(
        self, status_code: int, schema: ma.Schema | type[ma.Schema] | None = None, **options: Any
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """As flask-smorest's, with a schema that was prepared for its use."""
        if schema is not None:
            schema = schema() if isinstance(schema, type) else schema
            quicken(schema)
        decorate: Callable[[Callable[..., Any]], Callable[..., Any]]
        decorate = super().response(status_code, schema, **options)
        return decorate

    def security_of(self, method: str) -> list[dict[str, list[str]]]:
        """The credentials of a view that is not public, as OpenAPI writes them."""
        return [{"bearer": []}]

    def document_more(self, operation: dict[str, Any], method: str, view: object) -> None:
        """Add the common parts of this kind of blueprint to a documented operation.

        Changes by callers are counted, so they document 429; see ``app.admission``. A view that is
        marked ``once`` takes an ``Idempotency-Key``.
        """
        is_counted = not any(hasattr(view, mark) for mark in (PUBLIC_MARK, READ_ONLY_MARK))
        if method.upper() not in SAFE_METHODS and is_counted:
            status = HTTPStatus.TOO_MANY_REQUESTS
            operation["responses"].setdefault(str(status.value), status.name)
        if hasattr(view, ONCE_MARK):
            document(operation)


def _document(
    info: dict[str, Any],
    operation_id: str,
    rule: str,
    security: list[dict[str, list[str]]] | None,
) -> None:
    """Complete flask-smorest's description of one operation; a view's own words stay."""
    manual = info.setdefault("manual_doc", {})
    manual.setdefault("operationId", operation_id)
    statuses = [HTTPStatus.SERVICE_UNAVAILABLE]
    if security is not None:
        manual.setdefault("security", security)
        statuses += [HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN]
    if "<" in rule:
        statuses.append(HTTPStatus.NOT_FOUND)
    arguments = info.get("arguments", {}).get("parameters", ())
    if any(argument["in"] == "json" for argument in arguments):
        statuses += [
            HTTPStatus.BAD_REQUEST,
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        ]
    responses = manual.setdefault("responses", {})
    for status in statuses:
        responses.setdefault(str(status.value), status.name)


class RowIdConverter(IntegerConverter):
    """``<int:...>``: a number in its one spelling, so that two addresses are two things; one that
    no id column can hold names nothing. Both are 404."""

    regex = "0|[1-9][0-9]*"

    def __init__(self, map: Map, max: int = MAX_ID, **options: Any) -> None:
        super().__init__(map, max=max, **options)


def json_document(body: bytes) -> Any:
    """The value of a JSON document.

    Raises:
        ValueError: it is none. Besides broken syntax: numbers of thousands of digits, ``NaN``,
            infinite numbers and escapes of half a character, which no database can store.
        RecursionError: thousands of open brackets.
    """
    document = _DECODER.decode(body.decode())
    if b"\\u" in body:
        json.dumps(document, ensure_ascii=False).encode()
    return document


def _refused(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise ValueError(f"{text} is too large a number")
    return number


_DECODER = json.JSONDecoder(parse_constant=_refused, parse_float=_finite)
