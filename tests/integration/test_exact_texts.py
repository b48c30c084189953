"""A text with spaces at its end is another text, on every database.

MariaDB compares so only since the collation was changed: before, ``'mara '`` was mara.
"""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.operators import RIGHTS, control_client
from tests.support.world import Community, World


@pytest.fixture
def app_config(app_config: dict[str, Any]) -> dict[str, Any]:
    return app_config | {"AUTHZEN_TYPES": "record=1"}


@pytest.fixture
def community(world: World) -> Community:
    return world.server()


@pytest.mark.parametrize(("ending", "status"), [("", "found"), (" ", "nobody"), ("   ", "nobody")])
def test_who_and_what_authzen_asks_about(
    client: FlaskClient, world: World, community: Community, ending: str, status: str
) -> None:
    root = world.user("mara", super_admin=True)
    world.channel(community, name="minutes")
    body = {"subject": {"type": "user", "id": "mara"}, "action": {"name": "channel.read"}}
    record = {"type": "record", "id": "minutes"}
    for asked, unknown in (
        (
            {"subject": {"type": "user", "id": f"mara{ending}"}, "resource": record},
            "unknown_user",
        ),
        ({"resource": {"type": "record", "id": f"minutes{ending}"}}, "unknown_resource"),
    ):
        answer = client.post("/access/v1/evaluation", headers=root.headers, json=body | asked)
        found = {"decision": True}
        nobody = {"decision": False, "context": {"reason": unknown}}
        assert answer.get_json() == (found if status == "found" else nobody)


@pytest.mark.parametrize(("ending", "found"), [("", True), ("%20", False)])
def test_codes_of_invites_and_subjects_of_the_audit_log(
    app: Flask, client: FlaskClient, world: World, community: Community, ending: str, found: bool
) -> None:
    joiner = world.user("joiner")
    world.invite(community, "come-in")
    client.patch(
        f"/api/v1/servers/{community.id}", json={"name": "New"}, headers=community.owner.headers
    )
    join = client.post(f"/api/v1/invites/come-in{ending}/join", headers=joiner.headers)
    assert join.status_code == (201 if found else 404)
    operator = control_client(app, world, *RIGHTS, "admin.audit")
    acts = operator.send("GET", f"/audit?subject=server:{community.id}{ending}").get_json()
    assert bool(acts["items"]) is found
