"""The cost of loading pages: addresses that name contents, and compression."""

from __future__ import annotations

import gzip
import json
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.integration.yoto.control_plane.conftest import OVERVIEW, SIGN_IN, Browser
from tests.support.world import Person
from yoto.control_plane.assets import VERSION_LENGTH

PACKED = {"Accept-Encoding": "gzip"}
OWN = {**PACKED, "Sec-Fetch-Site": "same-origin"}
OTHER_VERSION = "0" * VERSION_LENGTH


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def version(browser: Browser) -> str:
    [found, *_] = re.findall(r"/static/([0-9a-f]+)/control/yoto.css", browser.get(SIGN_IN).text)
    return str(found)


def test_a_file_of_this_version_is_kept_for_ever_and_comes_compressed(
    client: FlaskClient, version: str
) -> None:
    plain = client.get(f"/static/{version}/control/permissions/explain.js")
    packed = client.get(f"/static/{version}/control/permissions/explain.js", headers=PACKED)
    for answer in (plain, packed):
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["Vary"] == "Accept-Encoding"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "javascript" in answer.mimetype
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert len(packed.data) * 2 < len(plain.data)
    assert packed.headers["ETag"] != plain.headers["ETag"]


@pytest.mark.parametrize(
    "address", [f"/static/{OTHER_VERSION}/control/dom.js", "/static/control/dom.js"]
)
def test_a_file_of_another_version_is_this_one_and_asked_again(
    client: FlaskClient, version: str, address: str
) -> None:
    answer = client.get(address)
    assert answer.data == client.get(f"/static/{version}/control/dom.js").data
    assert answer.headers["Cache-Control"] == "no-cache"
    again = client.get(address, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize("path", ["control/none.js", "control/../pages.py", "elsewhere/dom.js"])
def test_a_file_that_is_not_there_is_looked_for_again(
    client: FlaskClient, version: str, path: str
) -> None:
    answer = client.get(f"/static/{version}/{path}")
    assert (answer.status_code, answer.headers["Cache-Control"]) == (404, "no-cache")


def test_pages_and_answers_are_compressed_for_the_pages_themselves(
    browser: Browser, operator: Person
) -> None:
    browser.sign_in("olga")
    for path in (OVERVIEW, "/control/api/guards"):
        plain, packed = browser.get(path), browser.client.get(path, headers=OWN)
        assert packed.headers["Content-Encoding"] == "gzip"
        assert packed.content_length == len(packed.data) < len(plain.data) / 2
        assert "Accept-Encoding" in packed.headers["Vary"]
    assert json.loads(gzip.decompress(packed.data)).keys() == plain.get_json().keys()


@pytest.mark.parametrize(
    "headers",
    [PACKED, {**PACKED, "Sec-Fetch-Site": "cross-site"}, {**PACKED, "Sec-Fetch-Site": "same-site"}],
)
def test_nobody_elsewhere_learns_from_the_length_of_an_answer(
    browser: Browser, operator: Person, headers: dict[str, str]
) -> None:
    browser.sign_in("olga")
    for path in (f"{OVERVIEW}?lang=en&guess=csrf", "/control/api/guards"):
        answer = browser.client.get(path, headers=headers)
        assert "Content-Encoding" not in answer.headers


def test_a_program_without_a_cookie_gets_compressed_answers(client: FlaskClient) -> None:
    document = client.get("/control/api/openapi.json", headers=PACKED)
    assert document.headers["Content-Encoding"] == "gzip"
