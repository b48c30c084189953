"""What REST blueprints share: strict bodies, ids that fit a column, and honest documentation."""

from __future__ import annotations

import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import marshmallow as ma
from flask import Request
from flask_smorest import Blueprint
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import BadRequest, UnsupportedMediaType
from werkzeug.routing import IntegerConverter, Map

from app.http.access import PUBLIC_MARK
from app.http.fields import MAX_ID


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
            document = json.loads(body.decode())
            if b"\\u" in body:
                json.dumps(document, ensure_ascii=False).encode()
            return document
        except (ValueError, RecursionError):
            # Besides broken syntax: numbers of thousands of digits, thousands of open brackets,
            # and escapes of half a character, which no database can store.
            raise BadRequest("The body is not a JSON document that can be read.") from None


class RestBlueprint(Blueprint):
    """A flask-smorest blueprint whose views are functions, each one documented operation.

    The function's name is the ``operationId``. A view that is not ``@public`` is documented with
    the bearer token that it needs and the answers that follow from that.
    """

    ARGUMENTS_PARSER = StrictParser()

    def _store_endpoint_docs(
        self,
        endpoint: str,
        obj: Callable[..., Any],
        parameters: Any,
        tags: Any,
        **options: Any,
    ) -> None:
        super()._store_endpoint_docs(endpoint, obj, parameters, tags, **options)
        for method, info in self._docs[endpoint].items():
            if method == "parameters":
                continue
            manual = info.setdefault("manual_doc", {})
            manual.setdefault("operationId", endpoint)
            if not hasattr(obj, PUBLIC_MARK):
                manual.setdefault("security", [{"bearer": []}])
                responses = manual.setdefault("responses", {})
                for status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
                    responses.setdefault(str(status.value), status.name)


class RowIdConverter(IntegerConverter):
    """``<int:...>``: a number that no id column can hold names nothing, hence 404."""

    def __init__(self, map: Map, max: int = MAX_ID, **options: Any) -> None:
        super().__init__(map, max=max, **options)
