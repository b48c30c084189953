"""The control plane and the commands of a guest, asked about its own documents with UUIDs."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tests.integration.yoto.embed.test_resources import (
    EDIT,
    READ,
    Colleague,
    Document,
    Membership,
    Office,
    Project,
    Workspace,
    office,
)
from yoto import assign, assign_permissions_to_role, register_role

__all__ = ["office"]

OPERATED = {"control_plane": True, "operators": lambda: "admin", "sign_in": "paper"}

pytestmark = pytest.mark.parametrize("office", [OPERATED], indirect=True)


def test_operators_ask_about_documents_on_the_pages_and_at_a_terminal(office: Office) -> None:
    mara, boss = (Colleague(id=uuid.uuid4(), name=name) for name in ("mara", "boss"))
    office.add(mara, boss)
    here = Workspace(id=uuid.uuid4(), name="here", owner_id=boss.id)
    office.add(here)
    office.add(Membership(workspace_id=here.id, colleague_id=mara.id))
    site = Project(id=uuid.uuid4(), name="site", workspace_id=here.id)
    office.add(site)
    plan = Document(id=uuid.uuid4(), name="plan", project_id=site.id)
    office.add(plan)
    [editor] = register_role("editor", home=("workspace", here.id)).ids
    assign_permissions_to_role(editor, [EDIT])
    assign(mara.id, editor, at=("project", site.id))

    def get(path: str, **query: Any) -> Any:
        return office.app.test_client().get(f"/control/api{path}", query_string=query).get_json()

    at = {"permission": EDIT, "scope": "document", "scope_id": str(plan.id)}
    assert "mara" in [one["username"] for one in get("/search/who", **at)["items"]]
    query = {"permission": EDIT, "username": "mara", "scope": "document"}
    [found] = get("/search/what", **query)["items"]
    assert (found["id"], found["home"]["id"]) == (str(plan.id), str(here.id))
    home = {"scope": "workspace", "scope_id": str(here.id)}
    [role] = get("/resources/matrix", **home)["roles"]
    assert (role["name"], role["holders"]) == ("editor", 1)
    assert get("/resources", scope="document", search=str(plan.id))["items"][0]["home"]["id"]

    def run(*command: object) -> str:
        words = ["yoto", *map(str, command)]
        return str(office.app.test_cli_runner().invoke(args=words).output)

    place = ("--scope", "document", "--scope-id", plan.id)
    assert run("permission", "check", "mara", EDIT, *place) == "allowed: granted\n"
    assert run("permission", "check", mara.id, READ, *place).startswith("denied")
    assert "editor" in run("permission", "explain", "mara", EDIT, *place)
    assert "unknown user" in run("permission", "check", uuid.uuid4(), EDIT, *place)
    assert run("teams", "create", "painters", "--reason", "paint") == "Team 1 is painters.\n"
    run("teams", "add", 1, mara.id, "--reason", "paint")
    assert run("teams", "show", 1).startswith("  user:")


def test_people_whom_nobody_has_asked_about_are_found_by_name(office: Office) -> None:  # noqa: F811
    names = ["Bob", "McKay", "Zoë", "bobby", "mara_b"]
    people = {name: Colleague(id=uuid.uuid4(), name=name) for name in names}
    office.add(*people.values())
    client = office.app.test_client()

    def called(search: str, limit: int = 100) -> list[str]:
        found: list[str] = []
        after = None
        while True:
            query = {"search": search, "limit": limit} | ({"after": after} if after else {})
            page = client.get("/control/api/users", query_string=query).get_json()
            found += [one["username"] for one in page["items"]]
            after = page["next"]
            if after is None:
                return found

    assert called("mck") == ["McKay"] and called("MARA_") == ["mara_b"] and called("zo") == ["Zoë"]
    assert called("m%") == called("_") == []
    assert sorted(called("BO", limit=1)) == ["Bob", "bobby"]
    # At once by the whole name, or by the application's id.
    office.add(Colleague(id=uuid.uuid4(), name="Stranger"))
    query = {"permission": EDIT, "scope": "document"}
    for name, status in (("Stranger", 200), (str(people["Zoë"].id), 200), ("Nobody", 404)):
        asked = client.get("/control/api/search/what", query_string=query | {"username": name})
        assert asked.status_code == status, name
    assert sorted(called("", limit=2)) == sorted([*names, "Stranger"])
