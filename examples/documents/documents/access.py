"""Rights: the tree of resources, the permissions, and the roles that have them."""

from typing import Any

from flask_login import current_user

from yoto import PUBLIC, Yoto, list_registered_roles, people

from .models import Document, Member, Person, Project, Workspace, db


def operator() -> str | None:
    return "admin" if current_user.is_authenticated and current_user.operates else None


# Each has what those before it have: an editor decides who has a document, and cannot delete it.
READER = ["project.open", "document.read"]
WRITER = [*READER, "document.add", "document.write"]
EDITOR = [*WRITER, "document.share"]
MANAGER = [*EDITOR, "project.share", "document.delete"]
ROLES = {"reader": READER, "writer": WRITER, "editor": EDITOR, "manager": MANAGER}

yoto = Yoto(
    db=db,
    users=people(Person, name="name"),
    roles=ROLES,
    permissions=[
        {"name": "workspace.administer", "scope": "workspace"},
        {"name": "project.open", "scope": "project"},
        {"name": "project.share", "scope": "project"},
        {"name": "document.add", "scope": "project"},
        {"name": "document.read", "scope": "document"},
        {"name": "document.write", "scope": "document"},
        {"name": "document.share", "scope": "document"},
        {"name": "document.delete", "scope": "document"},
    ],
    control_plane=True,
    operators=operator,
)
yoto.resource(
    "workspace",
    Workspace,
    label="name",  # by which operators find one
    owner="owner_id",
    members=Member,
    administrator="workspace.administer",
)
# Holders of project.share by a role administer it: they may do everything there, give every role.
yoto.resource(
    "project",
    Project,
    label="name",
    parent="workspace_id",
    administrator="project.share",
)
yoto.resource(
    "document",
    Document,
    label="name",
    parent="project_id",
    owner="author_id",  # who wrote it may do everything with it
    shares={"document.share": ["reader", "writer", "editor"]},  # who has it gives these roles
    gate="document.read",  # who may not read it may not write it either
    shared="anyone",  # with people from outside the workspace, too
    attributes=["classification"],  # for policies
)


def role_ids() -> dict[str, int]:
    return {role.name: role.id for role in list_registered_roles()}


def visitor() -> Any:
    """The visitor of a page: somebody who is signed in, or the public."""
    return current_user.id if current_user.is_authenticated else PUBLIC
