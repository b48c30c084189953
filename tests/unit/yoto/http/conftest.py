"""A small application with the shared HTTP layer and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from yoto.http.application import Application
from yoto.http.database_problems import init_problems
from yoto.http.pipeline import surround
from yoto.http.request_log import RequestLog
from yoto.request.records import RequestRecords, records_of

Raiser = Callable[[BaseException], FlaskClient]


@pytest.fixture
def bare_app() -> Iterator[Flask]:
    """The pipeline and problems over one view, ``/ping``."""
    app = Application("bare")
    app.config.update(TRUSTED_PROXIES=0, MAX_CONTENT_LENGTH=1024)
    surround(app, RequestRecords((RequestLog(app).write,)))
    init_problems(app)
    app.add_url_rule("/ping", "ping", lambda: "pong", methods=["GET"])
    yield app
    records_of(app).close()


@pytest.fixture
def raising(bare_app: Flask) -> Raiser:
    """Gives a client of an application whose ``/fail`` raises the given error."""

    def make(error: BaseException) -> FlaskClient:
        def fail() -> str:
            raise error

        bare_app.add_url_rule("/fail", "fail", fail, methods=["GET", "POST"])
        return bare_app.test_client()

    return make
