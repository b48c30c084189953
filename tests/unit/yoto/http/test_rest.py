"""Rules that REST blueprints share: strict input, pages, ids, documentation."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
import pytest
from flask import Flask
from flask.testing import FlaskClient

from yoto.auth.access import public, signed_in
from yoto.http.api import BEARER_SCHEME, add_api
from yoto.http.database_problems import init_problems
from yoto.http.fields import Name
from yoto.http.paging import Page, PageQuery, cut, page_of
from yoto.http.rest import RestBlueprint
from yoto.nodes import MAX_ID


class ThingSchema(ma.Schema):
    name = Name(10, required=True)


things = RestBlueprint("things", __name__, url_prefix="/api/v1")


@things.post("/things")
@public("to try how bodies are read")
@things.arguments(ThingSchema)
@things.response(201, ThingSchema)
def make_thing(body: dict[str, Any]) -> dict[str, Any]:
    """Make a thing"""
    return body


@things.get("/things/<int:thing_id>/parts")
@public("to try how pages are read")
@things.arguments(PageQuery, location="query")
@things.response(200, page_of(ThingSchema))
def list_parts(query: dict[str, Any], thing_id: int) -> Page[dict[str, str]]:
    """The parts of a thing"""
    parts = [{"name": f"part {n}"} for n in range(query["limit"] + 1)]
    return cut(parts, query["limit"], lambda part: int(part["name"].split()[1]))


@things.get("/things/<int:thing_id>")
@signed_in
@things.response(200, ThingSchema)
def read_thing(thing_id: int) -> dict[str, str]:
    """A thing"""
    return {"name": str(thing_id)}


@pytest.fixture
def client() -> FlaskClient:
    app = Flask(__name__)
    init_problems(app)
    add_api(app, [things], "", "Things", "All of them.", "/api", BEARER_SCHEME)
    return app.test_client()


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b'{"name": "x"}', "application/json", 201),
        (b'{"name": "x"}', "application/json; charset=utf-8", 201),
        (b'{"name": "x"}', "application/vnd.api+json", 201),
        (b'{"name": "x"}', "text/plain", 415),
        (b"name=x", "application/x-www-form-urlencoded", 415),
        (b'{"name": "x"', "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b'{"name": ' + b"1" * 5000 + b"}", "application/json", 400),
        (b'{"name": "\\ud800"}', "application/json", 400),
        (b'{"name": NaN}', "application/json", 400),
        (b'["name"]', "application/json", 422),
        (b"", "application/json", 422),
        (b"", "text/plain", 422),
        (b'{"name": "x", "size": 1}', "application/json", 422),
    ],
)
def test_a_body_is_a_json_document_of_the_schema_or_a_problem(
    client: FlaskClient, body: bytes, content_type: str, status: int
) -> None:
    answer = client.post("/api/v1/things", data=body, content_type=content_type)
    assert answer.status_code == status
    expected = "application/json" if status == 201 else "application/problem+json"
    assert answer.mimetype == expected


def test_a_page_says_where_the_next_one_begins(client: FlaskClient) -> None:
    page = client.get("/api/v1/things/1/parts?limit=2").get_json()
    assert page == {"items": [{"name": "part 0"}, {"name": "part 1"}], "next": 1}


def test_the_last_page_says_that_it_is_the_last() -> None:
    assert cut([1, 2], 2, int) == Page([1, 2], None)
    assert cut([], 2, int) == Page([], None)


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "after=-1", "size=3"])
def test_a_page_that_nobody_can_give_is_refused(client: FlaskClient, query: str) -> None:
    answer = client.get(f"/api/v1/things/1/parts?{query}")
    assert answer.status_code == 422
    assert list(answer.get_json()["errors"]) == [query.partition("=")[0]]


@pytest.mark.parametrize(
    ("thing_id", "status"),
    [(MAX_ID, 200), (MAX_ID + 1, 404), (10**40, 404), ("-1", 404), ("x", 404)],
)
def test_an_id_that_no_column_can_hold_names_nothing(
    client: FlaskClient, thing_id: object, status: int
) -> None:
    assert client.get(f"/api/v1/things/{thing_id}/parts").status_code == status


def test_the_documentation_tells_public_operations_from_those_that_want_a_token(
    client: FlaskClient,
) -> None:
    paths = client.get("/api/openapi.json").get_json()["paths"]
    open_, closed = paths["/api/v1/things"]["post"], paths["/api/v1/things/{thing_id}"]["get"]
    assert open_["operationId"] == "make_thing"
    assert "security" not in open_ and "401" not in open_["responses"]
    assert closed["operationId"] == "read_thing"
    assert closed["security"] == [{"bearer": []}]
    assert {"200", "401", "403", "404"} <= set(closed["responses"])
    assert {"201", "400", "415", "422"} <= set(open_["responses"])


@pytest.mark.parametrize("spelling", ["07", "+7", "-7", "7.0", "٧", "７", " 7", "7_0"])
def test_an_id_has_one_spelling(client: FlaskClient, spelling: str) -> None:
    assert client.get("/api/v1/things/7/parts").status_code == 200
    assert client.get(f"/api/v1/things/{spelling}/parts").status_code == 404
