"""The resource that an address names comes first, then the caller's rights, then the body."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from tests.support.world import World

COMMUNITY = {
    "servers",
    "members",
    "invites",
    "channels",
    "categories",
    "overwrites",
    "messages",
}
NOTHING = 999_999


def addresses_of_nothing(app: Flask) -> Iterator[tuple[str, str]]:
    """Method and address of each route of the community that names something."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint.partition(".")[0] in COMMUNITY and rule.arguments:
            (method,) = (rule.methods or set()) - {"HEAD", "OPTIONS"}
            yield method, _address(app, rule, method)


def _address(app: Flask, rule: Rule, method: str) -> str:
    values = {name: "role" if name == "target_type" else NOTHING for name in rule.arguments}
    address = app.url_map.bind("localhost").build(rule.endpoint, values, method)
    return f"{address}?q=x" if address.endswith("search") else address


def test_an_address_that_names_nothing_is_404_whatever_is_sent_to_it(
    app: Flask, client: FlaskClient, world: World
) -> None:
    alice = world.user()
    tried = 0
    for method, address in addresses_of_nothing(app):
        body = None if method == "GET" else {"no such field": 1}
        answer = client.open(address, method=method, json=body, headers=alice.headers)
        assert answer.status_code == 404, (method, address, answer.get_json())
        tried += 1
    assert tried >= 40
