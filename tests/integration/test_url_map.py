"""Every route says who may use it, and keeps to it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.extensions import permissions
from tests.support.world import World, expired_header
from yoto.auth.access import PUBLIC_MARK, RIGHTS_MARK, SIGNED_IN_MARK
from yoto.auth.operators import CONTROL_PREFIX
from yoto.http.control_api import CONTROL_API_PREFIX
from yoto.permission.guards.guarding import ATTRIBUTE as PERMISSION_MARK

WRITING = {"POST", "PUT", "PATCH", "DELETE"}
PERMISSION_MARKS = (PERMISSION_MARK, RIGHTS_MARK)
ALL_MARKS = (*PERMISSION_MARKS, SIGNED_IN_MARK, PUBLIC_MARK)

# Views that no decorator of ours can reach, and why they are open.
UNMARKED = {
    "control_static.static": "style, scripts and pictures of the operators' pages",
    "static": "style, scripts and pictures of pages that anybody may load",
    "api-docs.openapi_json": "whoever writes a client has no account yet",
    "control-api-docs.openapi_json": "nor has whoever writes one for operators",
}

# Every write that takes no permission, and why.
WRITES_WITHOUT_PERMISSION = {
    "access.evaluation": "changes nothing; about others it takes the right to audit",
    "access.evaluations": "changes nothing; about others it takes the right to audit",
    "access.search_subject": "changes nothing; takes the right to audit",
    "access.search_resource": "changes nothing; about others it takes the right to audit",
    "access.search_action": "changes nothing; about others it takes the right to audit",
    "auth.register": "makes one's own account",
    "auth.login": "is how one becomes somebody",
    "auth.refresh": "takes a refresh token",
    "auth.logout": "ends one's own sign-in",
    "auth.change_password": "takes one's own password",
    "session.sign_in": "is how one becomes somebody",
    "session.register": "makes one's own account",
    "session.sign_out": "ends one's own session",
    "sign_in.sign_in": "is how one becomes somebody",
    "sign_in.sign_out": "ends one's own session",
    "permissions.check_permission": "changes nothing; about others it takes the right to audit",
    "permissions.check_batch": "changes nothing; about others it takes the right to audit",
    "permissions.check_users": "changes nothing; about others it takes the right to audit",
    "insight.explain": "changes nothing; about others it takes the right to audit",
    "nodes.assign_at_resource": "one administers or owns the resource, or has admin.roles",
    "nodes.unassign_at_resource": "one administers or owns the resource, or has admin.roles",
    "nodes.overwrite_at_resource": "one administers or owns the resource, or has admin.roles",
    "nodes.clear_at_resource": "one administers or owns the resource, or has admin.roles",
    "what-if.try_act": "changes nothing; takes what the act takes",
    "what-if.view_as_roles": "changes nothing; takes the right to audit there",
    "access-requests.ask_for_access": "asks, and changes no right",
    "access-requests.grant_access_request": "takes the right to lend it, and the right itself",
    "access-requests.refuse_access_request": "takes what granting takes",
    "access-requests.withdraw_access_request": "ends one's own request",
    "access-requests.end_access_request": "takes what granting takes",
    "servers.create_server": "everybody may have a server of their own",
    "members.join_server": "the server must be public",
    "members.leave_server": "ends one's own membership",
    "members.rename_self": "changes one's own membership",
    "invites.join_by_invite": "takes an invite",
    "behaviour.record_behaviour": "tells of one's own behaviour",
    "behaviour.forget_behaviour": "deletes one's own behaviour",
    "behaviour.take_snapshot": "changes nothing; about oneself",
    "devices.register_device": "registers one's own device",
    "devices.forget_device": "forgets one's own device",
}


class Route(NamedTuple):
    """One method of one rule, with numbers in place of the rule's variables."""

    endpoint: str
    method: str
    path: str
    view: Any


def routes(app: Flask) -> Iterator[Route]:
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<any\((\w+)[^>]*>", r"\1", rule.rule)
        path = re.sub(r"<int:[^>]+>", "1", path)
        path = re.sub(r"<[^>]+>", "name", path)
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            view = app.view_functions[rule.endpoint]
            inner = getattr(getattr(view, "view_class", None), method.lower(), view)
            yield Route(rule.endpoint, method, path, inner)


def has(route: Route, *marks: str) -> bool:
    return any(hasattr(route.view, mark) for mark in marks)


def test_every_route_is_marked(app: Flask) -> None:
    unmarked = {route.endpoint for route in routes(app) if not has(route, *ALL_MARKS)}
    assert unmarked == set(UNMARKED)


def test_every_write_takes_a_permission_or_stands_in_the_list(app: Flask) -> None:
    free = {
        route.endpoint
        for route in routes(app)
        if route.method in WRITING and not has(route, *PERMISSION_MARKS)
    }
    assert free == set(WRITES_WITHOUT_PERMISSION)


def test_what_is_public_says_why(app: Flask) -> None:
    reasons = [getattr(route.view, PUBLIC_MARK) for route in routes(app) if has(route, PUBLIC_MARK)]
    assert reasons and all(isinstance(reason, str) and len(reason) > 10 for reason in reasons)


def private(app: Flask) -> list[Route]:
    return [
        route
        for route in routes(app)
        if not has(route, PUBLIC_MARK) and route.endpoint not in UNMARKED
    ]


def test_without_a_valid_token_every_private_route_answers_401(
    app: Flask, client: FlaskClient, world: World
) -> None:
    expired = expired_header(app, world.user().id)
    before = world.snapshot()
    tried = 0
    for route in private(app):
        if route.path.startswith(CONTROL_PREFIX):
            continue
        for headers in ({}, expired, {"Authorization": "Bearer nonsense"}):
            answer = client.open(route.path, method=route.method, headers=headers, json={})
            assert answer.status_code == 401, (route, headers)
            assert answer.mimetype == "application/problem+json"
        tried += 1
    assert tried > 50
    assert world.snapshot() == before


def test_in_maintenance_every_call_of_people_is_turned_away_but_those_of_signing_in(
    app: Flask, client: FlaskClient, world: World
) -> None:
    world.server()
    headers = world.user("root", super_admin=True).headers
    with app.app_context():
        permissions.set_maintenance_mode(True, "the platform moves house")
    before = world.snapshot()
    closed = [route for route in routes(app) if route.path.startswith(("/api/v1", "/access"))]
    signing_in = {"auth.login", "auth.refresh", "auth.logout", "auth.me"}
    for route in closed:
        if route.endpoint in signing_in:
            continue
        answer = client.open(route.path, method=route.method, headers=headers, json={})
        assert answer.status_code == 503, route
        assert answer.get_json()["reason"] == "the platform moves house", route
        assert answer.get_json()["type"].endswith(":maintenance")
        assert int(answer.headers["Retry-After"]) > 0
    assert world.snapshot() == before
    open_ = [route for route in closed if route.endpoint in signing_in]
    assert len(open_) == len(signing_in)
    for route in open_:
        answer = client.open(route.path, method=route.method, headers=headers, json={})
        assert answer.status_code != 503, route


def test_without_a_session_every_private_page_leads_to_the_sign_in(
    app: Flask, client: FlaskClient, world: World
) -> None:
    headers = world.user("root", super_admin=True).headers
    pages = [
        route
        for route in private(app)
        if route.path.startswith(CONTROL_PREFIX) and not route.path.startswith(CONTROL_API_PREFIX)
    ]
    assert pages
    for route in pages:
        answer = client.open(route.path, method=route.method, headers=headers)
        assert answer.status_code == 303
        assert answer.headers["Location"].partition("?")[0] == "/control/sign-in"


def test_without_a_session_every_operators_call_answers_401_and_changes_nothing(
    app: Flask, client: FlaskClient, world: World
) -> None:
    headers = world.user("root", super_admin=True).headers
    before = world.snapshot()
    calls = [route for route in private(app) if route.path.startswith(CONTROL_API_PREFIX)]
    assert calls
    for route in calls:
        assert has(route, PERMISSION_MARK), route
        answer = client.open(
            route.path, method=route.method, headers=headers, json={"reason": "why not"}
        )
        assert answer.status_code == 401, route
        assert answer.mimetype == "application/problem+json"
    assert world.snapshot() == before


@pytest.mark.parametrize("body", [b"{", b"[" * 5000, b'"\\ud800"', b"1" * 5000, b"\xff"])
def test_no_body_however_broken_breaks_a_route(
    app: Flask, client: FlaskClient, world: World, body: bytes
) -> None:
    world.server()
    for number, route in enumerate(private(app)):
        if route.method not in WRITING or route.path.startswith(CONTROL_PREFIX):
            continue
        answer = client.open(
            route.path,
            method=route.method,
            headers=world.user(f"root{number}", super_admin=True).headers,
            data=body,
            content_type="application/json",
        )
        assert answer.status_code < 500, (route, answer.text)


def test_a_super_admin_breaks_no_route_with_an_empty_body(
    app: Flask, client: FlaskClient, world: World
) -> None:
    world.server()
    for number, route in enumerate(private(app)):
        if route.path.startswith(CONTROL_PREFIX):
            continue
        root = world.user(f"root{number}", super_admin=True)
        answer = client.open(route.path, method=route.method, headers=root.headers, json={})
        assert answer.status_code < 500, (route, answer.text)
