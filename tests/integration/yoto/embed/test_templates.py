"""Templates in somebody else's application: levels at workspaces, projects and documents."""

from __future__ import annotations

import uuid

import pytest

from tests.integration.yoto.embed.test_resources import (
    Colleague,
    Document,
    Membership,
    Office,
    Project,
    Workspace,
    office,
)
from yoto import assign, check_many, register_permission, register_role, set_overwrite
from yoto.errors import ValidationFailed
from yoto.permission import PermissionSpec, PermissionSystem
from yoto.rooms.templates.template import PermissionTemplate, TemplateLevel

__all__ = ["office"]

permissions = PermissionSystem()

PAPERS = PermissionTemplate(
    "papers",
    (
        TemplateLevel.of("reader", PermissionSpec("document.read", "document")),
        TemplateLevel.of("writer", PermissionSpec("document.edit", "document")),
        TemplateLevel.of("manager", PermissionSpec("project.rename", "project")),
    ),
)


def test_a_template_is_applied_at_a_node_of_any_type(office: Office) -> None:  # noqa: F811
    mara = Colleague(id=uuid.uuid4(), name="mara")
    here, there = (Workspace(id=uuid.uuid4(), name=name) for name in ("here", "there"))
    office.add(mara, here, there)
    site, shop = (
        Project(id=uuid.uuid4(), name=name, workspace_id=here.id) for name in ("site", "shop")
    )
    office.add(Membership(workspace_id=here.id, colleague_id=mara.id), site, shop)
    plan, list_ = (
        Document(id=uuid.uuid4(), name=one.name, project_id=one.id) for one in (site, shop)
    )
    office.add(plan, list_)
    register_permission("project.rename", scope="project")
    permissions.templates.add(PAPERS)
    [clerk] = register_role("clerk", home=("workspace", here.id)).ids
    assign(mara.id, clerk)

    def may(name: str) -> list[bool]:
        places = ((name, "document", one.id) for one in (plan, list_))
        return check_many(mara.id, list(places))

    permissions.templates.apply(clerk, "papers", "reader", "workspace", here.id)
    permissions.templates.apply(clerk, "papers", "writer", "project", site.id)
    assert (may("document.read"), may("document.edit")) == ([True, True], [True, False])
    permissions.templates.apply(clerk, "papers", "reader", "project", site.id, replace=True)
    assert may("document.edit") == [False, False]
    permissions.templates.apply(clerk, "papers", "writer", "workspace", here.id)
    permissions.templates.apply(clerk, "papers", "writer", "document", list_.id)
    assert may("document.edit") == [True, True]

    names = permissions.templates.overwrite("papers", "reader", deny_beyond=True, scope="document")
    # A project is not renamed at a document.
    assert names == {"allow": ["document.read"], "deny": ["document.edit"]}
    set_overwrite(at=("document", plan.id), role_id=clerk, **names)
    assert (may("document.read"), may("document.edit")) == ([True, True], [False, True])

    for refused, field in (
        (
            lambda: permissions.templates.apply(clerk, "papers", "manager", "document", plan.id),
            "scope_type",
        ),
        (
            lambda: permissions.templates.apply(clerk, "papers", "reader", "workspace", there.id),
            "scope_id",
        ),
        (
            lambda: permissions.templates.overwrite("papers", "manager", scope="document"),
            "level",
        ),
        (lambda: permissions.templates.overwrite("papers", "reader", scope="shelf"), "scope"),
    ):
        with pytest.raises(ValidationFailed) as error:
            refused()
        assert list(error.value.errors) == [field]


def test_crud_is_for_the_types_that_the_application_has(office: Office) -> None:  # noqa: F811
    [resource, scope] = permissions.templates.get("crud").parameters
    assert scope.choices[:4] == ("global", "workspace", "project", "document")
    assert (scope.default, "channel" in scope.choices) == ("global", False)
    permissions.templates.register_crud("document.note", "document")
    permissions.templates.register_crud("shelf")
    scopes = {one.name: one.scope for one in permissions.list_registered_permissions()}
    assert (scopes["document.note.read"], scopes["shelf.read"]) == ("document", "global")
    with pytest.raises(ValidationFailed, match="none of global, workspace"):
        permissions.templates.register_crud("wiki", "channel")
    level = TemplateLevel.of("reader", PermissionSpec("shelf.see", "shelf"))
    with pytest.raises(ValidationFailed, match="unknown scope 'shelf'"):
        permissions.templates.add(PermissionTemplate("shelf", (level,)))
