"""Every route of the community wants a valid access token, before anything else."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from tests.support.world import World, expired_header

COMMUNITY = (
    "servers",
    "members",
    "invites",
    "channels",
    "categories",
    "overwrites",
    "messages",
)


def routes(app: Flask) -> Iterator[tuple[str, str]]:
    """Method and address of each route; ids in it name nothing."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint.partition(".")[0] in COMMUNITY:
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield method, _address(app, rule)


def _address(app: Flask, rule: Rule) -> str:
    values = {name: "role" if name == "target_type" else 999_999 for name in rule.arguments}
    with app.test_request_context():
        return str(app.url_map.bind("localhost").build(rule.endpoint, values, rule_method(rule)))


def rule_method(rule: Rule) -> str:
    return next(iter((rule.methods or set()) - {"HEAD", "OPTIONS"}))


def test_without_a_token_or_with_an_expired_one_every_route_answers_401(
    app: Flask, client: FlaskClient, world: World
) -> None:
    alice = world.user(super_admin=True)
    expired = expired_header(app, alice.id)
    before = world.snapshot()
    seen = list(routes(app))
    assert len(seen) >= 45
    for method, address in seen:
        for headers, problem in (({}, "token-missing"), (expired, "token-expired")):
            answer = client.open(address, method=method, data="{", headers=headers)
            assert answer.status_code == 401, (method, address)
            assert answer.get_json()["type"] == f"urn:yoto:problem:{problem}"
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert world.snapshot() == before


def test_with_a_token_what_is_not_there_is_404_on_every_route_with_an_id(
    app: Flask, client: FlaskClient, world: World
) -> None:
    alice = world.user()
    for method, address in routes(app):
        if "999999" in address:
            address += "?q=x" if address.endswith("search") else ""
            body = {"reason": "x"} if method != "GET" else None
            answer = client.open(address, method=method, json=body, headers=alice.headers)
            # A body is looked at only for who may write: here nobody may, so none is.
            assert answer.status_code == 404, (method, address, answer.get_json())
