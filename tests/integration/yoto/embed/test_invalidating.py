"""Operators of a guest invalidate by the ids that its people and documents have."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tests.integration.yoto.embed.test_resources import (
    OPERATED,
    READ,
    Colleague,
    Office,
    office,
)
from tests.support.waiting import wait_until
from yoto import assign, assign_permissions_to_role, decide, register_role
from yoto.cli.cache import cache

__all__ = ["office"]

pytestmark = pytest.mark.parametrize(
    "office",
    [OPERATED | {"operators": lambda: "operate", "rooms": ["prefetch", "warm_up"]}],
    indirect=True,
)

WHY = "a repair by hand"


@pytest.fixture
def mara(office: Office) -> Colleague:
    found = Colleague(id=uuid.uuid4(), name="mara")
    office.add(found)
    return found


def send(office: Office, who: Colleague, path: str, **body: Any) -> Any:
    """Send as a page of the control plane does."""
    client, headers = office.app.test_client(), {"Who": str(who.id)}
    token = client.get("/control/api/session", headers=headers).json["csrf_token"]
    return client.post(f"/control/api/{path}", json=body, headers=headers | {"X-CSRF-Token": token})


def test_people_and_documents_are_named_as_the_application_does(
    office: Office, mara: Colleague
) -> None:
    plan = office.document()
    [reader] = register_role("reader").ids
    assign_permissions_to_role(reader, [READ])
    assign(mara.id, reader, at=("document", plan.id))

    def tier() -> str:
        found = decide(mara.id, READ, "document", plan.id)
        assert found.allowed
        return str(found.tier)

    ids = {"user": mara.id, "document": plan.id, "project": plan.project_id}
    for kind, id_ in ids.items():
        wait_until(lambda: tier() == "l1")
        target = {"kind": kind, "id": str(id_)}
        hit = send(office, mara, "cache/invalidate/preview", **target)
        assert hit.status_code == 200, hit.json
        assert hit.json["memory"]["instance"] and hit.json["name"] is not None
        done = send(office, mara, "cache/invalidate", **target, reason=WHY)
        assert done.status_code == 200, done.json
        assert tier() == "db", kind
        wait_until(lambda: tier() == "l1")
        # A guest has the command where it adds the group to its own.
        arguments = ["invalidate", kind, str(id_), "--reason", WHY]
        ran = office.app.test_cli_runner().invoke(cache, arguments)
        assert ran.exit_code == 0, ran.output
        assert tier() == "db", kind
    for path in ("cache/forget-hot", "prefetch/forget"):
        assert send(office, mara, path, user_id=str(mara.id), reason=WHY).status_code < 300
        refused = send(office, mara, path, user_id=str(uuid.uuid4()), reason=WHY)
        assert (refused.status_code, list(refused.json["errors"])) == (422, ["user_id"])
    for kind, id_ in (
        ("user", str(uuid.uuid4())),
        ("user", "mara"),
        ("document", 7),
        ("document", "plan"),
        ("scan", "page 1"),
    ):
        refused = send(office, mara, "cache/invalidate", kind=kind, id=id_, reason=WHY)
        assert refused.status_code == 422 and list(refused.json["errors"]) == ["id"], kind
    unknown = send(office, mara, "cache/invalidate", kind="server", id=7, reason=WHY)
    assert list(unknown.json["errors"]) == ["kind"]
