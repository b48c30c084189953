"""The documentation page."""

from __future__ import annotations

import re
from unittest.mock import patch
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient

from yoto.http.wsgi import CONTENT_SECURITY_POLICY

DOCS = "/api/docs"


def test_the_page_has_every_operation_of_the_document(client: FlaskClient) -> None:
    document = client.get("/api/openapi.json").get_json()
    expected = {
        operation["operationId"]
        for item in document["paths"].values()
        for method, operation in item.items()
        if method != "parameters"
    }
    text = client.get(DOCS).text
    shown = set(re.findall(r'<details class="operation">.*?<div id="(\w+)">', text, re.DOTALL))
    assert shown == expected and len(expected) > 20
    responses = re.findall(r'<ul class="answers">(.*?)</ul>', text, re.DOTALL)
    assert len(responses) == len(expected) and all("<li>" in one for one in responses)


@pytest.mark.parametrize("path", [DOCS, "/api/openapi.json", "/control/api/openapi.json"])
def test_documents_are_made_once(client: FlaskClient, path: str) -> None:
    first = client.get(path)
    with patch("apispec.APISpec.to_dict", side_effect=AssertionError("made again")):
        again = client.get(path)
    assert again.data == first.data and again.content_type == first.content_type
    assert len(first.data) > 10_000


def test_every_link_within_the_page_leads_somewhere(client: FlaskClient) -> None:
    text = client.get(DOCS).text
    targets = set(re.findall(r'\sid="([^"]+)"', text))
    links = set(re.findall(r'href="#([^"]+)"', text))
    assert links and links <= targets


def test_no_id_is_used_twice(client: FlaskClient) -> None:
    ids = re.findall(r'\sid="([^"]+)"', client.get(DOCS).text)
    assert len(ids) == len(set(ids))


def test_it_needs_no_script_and_no_other_host(client: FlaskClient) -> None:
    answer = client.get(DOCS)
    assert answer.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
    assert not re.search(r"<script|<style|\sstyle=|\son\w+=", answer.text)
    addresses = re.findall(r'(?:src|href)="([^"]+)"', answer.text)
    assert all(not urlsplit(address).netloc for address in addresses)
