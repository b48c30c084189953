"""Which responses are compressed, and what stays of them."""

from __future__ import annotations

import gzip

import pytest
from flask import Flask, Response

from yoto.http.compression import SMALLEST, compress

TEXT = b"[" + b"1, " * SMALLEST + b"1]"
OWN = {"Accept-Encoding": "gzip", "Sec-Fetch-Site": "same-origin"}


def compressed(answer: Response, headers: dict[str, str] = OWN) -> Response:
    with Flask(__name__).test_request_context(headers=headers):
        return compress(answer)


def test_a_body_keeps_its_entity_tag_by_which_it_is_changed() -> None:
    answer = Response(TEXT, mimetype="application/json", headers={"ETag": '"7"'})
    packed = compressed(answer)
    assert gzip.decompress(packed.get_data()) == TEXT
    assert packed.get_etag() == ("7", False)
    assert packed.content_length == len(packed.get_data())


@pytest.mark.parametrize(
    "answer",
    [
        Response(TEXT[: SMALLEST - 1], mimetype="application/json"),
        Response(TEXT, mimetype="application/problem+json"),
        Response(TEXT, mimetype="application/json", status=201),
        Response(iter([TEXT]), mimetype="application/json"),
        Response(TEXT, mimetype="text/html", headers={"Content-Encoding": "br"}),
    ],
    ids=["short", "a problem", "with a secret, perhaps", "a stream", "encoded"],
)
def test_others_are_left_as_they_are(answer: Response) -> None:
    before = answer.headers.get("Content-Encoding")
    assert compressed(answer).headers.get("Content-Encoding") == before


@pytest.mark.parametrize("accepted", ["", "identity", "br", "gzip;q=0"])
def test_who_does_not_take_gzip_does_not_get_it(accepted: str) -> None:
    answer = compressed(Response(TEXT, mimetype="text/html"), OWN | {"Accept-Encoding": accepted})
    assert answer.get_data() == TEXT
    assert "Accept-Encoding" in answer.vary
