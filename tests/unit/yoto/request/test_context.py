"""Request ids, addresses, and whether a request writes."""

from __future__ import annotations

import os
import random

import pytest
from flask import Flask, request

from yoto.http.application import Application
from yoto.http.pipeline import surround
from yoto.request.context import (
    CurrentRequest,
    begin_record,
    current_request,
    origin,
    read_only,
    token_hash,
)
from yoto.request.records import RequestRecords, records_of
from yoto.store.sqlite import will_write


@pytest.mark.parametrize("given", ["abc", "A-1_b.2", "x" * 255, "<a/b;c=1>", "a b"])
def test_a_request_id_of_the_caller_is_kept(bare_app: Flask, given: str) -> None:
    answer = bare_app.test_client().get("/ping", headers={"X-Request-ID": given})
    assert answer.headers["X-Request-ID"] == given


@pytest.mark.parametrize("given", ["", "x" * 256, "ü", "a\tb"])
def test_an_odd_request_id_is_replaced(bare_app: Flask, given: str) -> None:
    answer = bare_app.test_client().get("/ping", headers={"X-Request-ID": given})
    assert answer.headers["X-Request-ID"] != given
    assert len(answer.headers["X-Request-ID"]) == 32


def test_records_have_an_id_of_our_own_whatever_a_caller_says(bare_app: Flask) -> None:
    bare_app.add_url_rule("/origin", "origin", lambda: origin().request_id or "")
    client = bare_app.test_client()
    answers = [client.get("/origin", headers={"X-Request-ID": "mine"}) for _ in range(2)]
    own = [answer.get_data(as_text=True) for answer in answers]
    assert own[0] != own[1] and all(len(one) == 32 for one in own)
    assert [answer.headers["X-Yoto-Request-ID"] for answer in answers] == own
    assert [answer.headers["X-Request-ID"] for answer in answers] == ["mine", "mine"]


def test_requests_get_different_ids(bare_app: Flask) -> None:
    client = bare_app.test_client()
    ids = {client.get("/ping").headers["X-Request-ID"] for _ in range(5)}
    assert len(ids) == 5


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_fork_gives_other_ids_and_no_seed_gives_them_again(bare_app: Flask) -> None:
    def made() -> str:
        with bare_app.test_request_context("/ping"):
            return begin_record(request).own_id

    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(write, made().encode())
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    ids = {os.read(read, 100).decode(), made()}
    for _ in range(2):
        random.seed(1)
        ids.add(made())
    assert len(ids) == 4 and all(len(one) == 32 for one in ids)


def test_outside_a_request_there_is_no_origin() -> None:
    assert (origin().request_id, origin().address) == (None, None)


def address_seen(proxies: int) -> str:
    app = Application("proxied")
    app.config["TRUSTED_PROXIES"] = proxies
    surround(app, RequestRecords(()))
    app.add_url_rule("/address", "address", lambda: origin().address or "")
    forwarded = {"X-Forwarded-For": "203.0.113.9, 198.51.100.7"}
    found = app.test_client().get("/address", headers=forwarded).text
    records_of(app).close()
    return found


@pytest.mark.parametrize(
    ("proxies", "address"), [(0, "127.0.0.1"), (1, "198.51.100.7"), (2, "203.0.113.9")]
)
def test_only_as_many_proxies_are_believed_as_are_trusted(proxies: int, address: str) -> None:
    assert address_seen(proxies) == address


def test_requests_write_unless_their_method_or_mark_says_otherwise(bare_app: Flask) -> None:
    def view() -> str:
        return str(will_write.get())

    def check() -> str:
        return str(will_write.get())

    bare_app.add_url_rule("/view", "view", view, methods=["GET", "POST", "DELETE"])
    bare_app.add_url_rule("/check", "check", read_only(check), methods=["POST"])
    client = bare_app.test_client()
    seen = {
        "get": client.get("/view").text,
        "post": client.post("/view").text,
        "delete": client.delete("/view").text,
        "marked": client.post("/check").text,
    }
    assert seen == {"get": "False", "post": "True", "delete": "True", "marked": "False"}


def of_request(**options: object) -> CurrentRequest:
    with Flask("bare").test_request_context(**options):
        found = current_request()
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("peer", "ip"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:DB8::0:1", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("unix:", None),
        ("", None),
    ],
)
def test_addresses_are_written_in_one_way(peer: str, ip: str | None) -> None:
    assert of_request(environ_base={"REMOTE_ADDR": peer}).ip == ip


def test_the_secret_of_a_device_goes_no_further() -> None:
    found = of_request(headers={"X-Device-Token": "very secret"})
    assert found.device == token_hash("very secret")
    assert "very secret" not in repr(found)


def test_a_long_user_agent_is_cut() -> None:
    assert len(of_request(headers={"User-Agent": "x" * 9_000}).user_agent or "") == 200


def test_outside_a_request_nothing_is_known() -> None:
    assert current_request() is None
