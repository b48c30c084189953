"""The REST API object: OpenAPI, validation, and errors that are documented as problems."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from threading import RLock
from typing import Any

import marshmallow as ma
from apispec import APISpec
from flask import Flask, Response, json
from flask_smorest import Api, Blueprint
from flask_smorest.spec import openapi_cli

from yoto.http.rest import RowIdConverter
from yoto.http.wsgi import MEDIA_TYPE

API_PREFIX = "/api/v1"
EXTENSION_KEY = "yoto.openapi"
BEARER_SCHEME = {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
OPENAPI_VERSION = "3.1.0"

RETRY_AFTER_HEADER = {
    "Retry-After": {
        "description": "Seconds after which the same request may be let in",
        "required": True,
        "schema": {"type": "integer", "minimum": 1},
    }
}
# Structured fields, draft-ietf-httpapi-ratelimit-headers-10; successful answers have them too.
LIMIT_HEADERS = {
    "RateLimit-Policy": {
        "description": 'What may be used: `"user";q=120;w=60` is 120 in 60 seconds for a user',
        "schema": {"type": "string"},
    },
    "RateLimit": {
        "description": 'What is left: `"user";r=7;t=53`, and all of it again in 53 seconds',
        "schema": {"type": "string"},
    },
}
HEADERS_OF = {
    HTTPStatus.TOO_MANY_REQUESTS: RETRY_AFTER_HEADER | LIMIT_HEADERS,
    HTTPStatus.SERVICE_UNAVAILABLE: RETRY_AFTER_HEADER,
}


class ProblemSchema(ma.Schema):
    """RFC 9457 problem details, as every error of this API has them; some have further members."""

    class Meta:
        unknown = ma.INCLUDE

    type = ma.fields.String(required=True, metadata={"description": "One value, one reaction"})
    title = ma.fields.String(required=True)
    status = ma.fields.Integer(required=True)
    detail = ma.fields.String(required=True)
    instance = ma.fields.String(required=True)
    request_id = ma.fields.String(required=True)
    errors = ma.fields.Dict(
        keys=ma.fields.String(),
        values=ma.fields.List(ma.fields.String()),
        metadata={"description": "Field name to what is wrong with it"},
    )


class YotoApi(Api):
    """flask-smorest's API with our problems in place of its own errors.

    Routes are registered at once and described when ``spec`` is first read: that takes longer than
    all the rest of a start, and few processes are ever asked for it.

    Args:
        schemes: the credentials that views take, as OpenAPI writes them.
    """

    ERROR_SCHEMA = ProblemSchema

    def __init__(self, config_prefix: str, schemes: Mapping[str, dict[str, str]]) -> None:
        self._schemes = schemes
        self._options: dict[str, Any] = {}
        self._describing = RLock()
        self._not_described: list[Blueprint] = []
        self._spec: APISpec | None = None
        self._document: bytes | None = None
        super().__init__(config_prefix=config_prefix)

    @property
    def spec(self) -> APISpec | None:
        """The OpenAPI document, whole."""
        with self._describing:
            if self._spec is None:
                self._begin()
            while self._not_described:
                self._describe(self._not_described.pop(0))
        return self._spec

    @spec.setter
    def spec(self, spec: APISpec | None) -> None:
        self._spec = spec

    def _init_spec(self, **options: Any) -> None:
        """Keep the options until ``spec`` is first read; commands must be there before."""
        self._options = options
        self._app.cli.add_command(openapi_cli)

    def _begin(self) -> None:
        """Make a document that describes no routes yet."""
        # The first blueprint to be registered reads ``spec`` itself.
        waiting, self._not_described = self._not_described, []
        super()._init_spec(**self._options)
        assert self._spec is not None
        for name, scheme in self._schemes.items():
            self._spec.components.security_scheme(name, scheme)
        self._not_described = waiting

    def register_blueprint(self, blp: Blueprint) -> None:
        """Register the blueprint's routes, and describe them later."""
        self._app.extensions["flask-smorest"]["blp_name_to_api"][blp.name] = self
        self._app.register_blueprint(blp)
        self._not_described.append(blp)

    def _openapi_json(self) -> Response:
        """The document as bytes made once: making it takes longer than most requests."""
        if self._document is None:
            assert self.spec is not None
            self._document = json.dumps(self.spec.to_dict(), indent=2, sort_keys=False).encode()
        return Response(self._document, mimetype="application/json")

    def _describe(self, blp: Blueprint) -> None:
        assert self._spec is not None
        blp.register_views_in_doc(self, self._app, self._spec, name=blp.name, parameters=None)
        self._spec.tag({"name": blp.name, "description": blp.description})

    def _register_error_handlers(self) -> None:
        """``yoto.http.problems`` handles all errors, these too."""

    def _register_responses(self) -> None:
        """Document errors under their own media type; the base class knows one for everything."""
        self.DEFAULT_RESPONSE_CONTENT_TYPE = MEDIA_TYPE
        super()._register_responses()
        del self.DEFAULT_RESPONSE_CONTENT_TYPE
        assert self.spec is not None
        for status, headers in HEADERS_OF.items():
            self.spec.components.responses_lazy[status.name]["headers"] = headers


def register_rest(app: Flask, blueprint: Blueprint) -> None:
    """Register a REST blueprint and describe its routes in the OpenAPI document of ``app``.

    Args:
        app: it has an API of its own, and has had no request yet.
    """
    api: YotoApi = app.extensions[EXTENSION_KEY]
    api.register_blueprint(blueprint)


def add_api(
    app: Flask,
    blueprints: Iterable[Blueprint],
    prefix: str,
    title: str,
    description: str,
    path: str,
    schemes: Mapping[str, dict[str, str]],
) -> YotoApi:
    """Register REST blueprints, and serve one OpenAPI document for all of them.

    Args:
        prefix: with which the names of its settings begin.
        path: where the document is; its last part is ``openapi.json``.
        schemes: the credentials that views take, as OpenAPI writes them.
    """
    app.url_map.converters["int"] = RowIdConverter
    app.config.update(
        {
            f"{prefix}API_TITLE": title,
            f"{prefix}API_VERSION": "v1",
            f"{prefix}OPENAPI_VERSION": OPENAPI_VERSION,
            f"{prefix}OPENAPI_URL_PREFIX": path,
            f"{prefix}OPENAPI_JSON_PATH": "openapi.json",
        }
    )
    api = YotoApi(prefix, schemes)
    api.init_app(app, spec_kwargs={"info": {"description": description}})
    for blueprint in blueprints:
        api.register_blueprint(blueprint)
    return api
