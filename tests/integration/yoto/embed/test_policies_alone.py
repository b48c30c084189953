"""Policies in an application with permissions and without a control plane."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from tests.integration.yoto.embed.test_resources import Colleague, Office, office
from yoto import decide, register_permission

__all__ = ["office"]

SHRED = "document.shred"
RULE = """package yoto.authz

deny contains "not_by_hand" if {
    input.action.name == "document.shred"
    not input.context.given.machine
}
"""


def owned(office: Office) -> tuple[uuid.UUID, tuple[str, uuid.UUID]]:
    """Somebody who may shred a document as its owner, where policies judge."""
    mara = Colleague(id=uuid.uuid4(), name="mara")
    office.add(mara)
    plan = office.document()
    plan.owner_id = mara.id
    office.session.commit()
    register_permission(SHRED, scope="document", abac=True, on_policy_error="rbac")
    return mara.id, ("document", plan.id)


@pytest.mark.parametrize("office", [{"rooms": "policies"}], indirect=True)
def test_they_judge_and_are_written_by_commands(office: Office, tmp_path: Path) -> None:
    who, plan = owned(office)
    assert decide(who, SHRED, *plan).allowed
    file = tmp_path / "shredding.rego"
    file.write_text(RULE, encoding="utf-8")
    pushing = ["yoto", "policy", "push", str(file), "--comment", "by machines alone"]
    pushed = office.app.test_cli_runner().invoke(args=pushing)
    assert pushed.exit_code == 0, pushed.output
    denied = decide(who, SHRED, *plan)
    assert (denied.allowed, denied.reason) == (False, "not_by_hand")
    assert decide(who, SHRED, *plan, context={"machine": "m-4"}).allowed


@pytest.mark.parametrize("office", [{"rooms": "none"}], indirect=True)
def test_without_them_what_they_would_judge_is_denied_and_there_is_no_command(
    office: Office,
) -> None:
    who, plan = owned(office)
    denied = decide(who, SHRED, *plan)
    assert (denied.allowed, denied.reason) == (False, "policies_off")
    assert office.app.test_cli_runner().invoke(args=["yoto", "policy"]).exit_code == 2
