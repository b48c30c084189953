"""Routes of ``/control/api/servers``, ``/users`` and ``/permissions``: what there is, by name."""

from __future__ import annotations

from typing import Any

from yoto.api.admin.registry.schemas import PermissionSchema
from yoto.api.admin.registry.service import registered
from yoto.api.people import Person
from yoto.control_plane.permissions import lists, matrix
from yoto.control_plane.permissions.schemas import (
    CHANNEL_PAGE,
    OVERWRITTEN_PAGE,
    PERSON_PAGE,
    SERVER_PAGE,
    MatrixSchema,
    NameQuery,
)
from yoto.http.control_api import VIEW, ControlBlueprint, right
from yoto.http.paging import Page, PageQuery, page_of
from yoto.store.models import Permission, Server

servers_control = ControlBlueprint(
    "servers_control", __name__, "/servers", "Servers, and all that their roles grant"
)
users_control = ControlBlueprint("users_control", __name__, "/users", "Accounts by name")
registry_control = ControlBlueprint(
    "registry_control", __name__, "/permissions", "Which permissions there are"
)


@servers_control.get("")
@right(VIEW)
@servers_control.arguments(NameQuery, location="query")
@servers_control.response(200, SERVER_PAGE)
def find_servers(query: dict[str, Any]) -> Page[Server]:
    """Servers by name"""
    return lists.servers(**query)


@servers_control.get("/<int:server_id>/channels")
@right(VIEW)
@servers_control.arguments(NameQuery, location="query")
@servers_control.response(200, CHANNEL_PAGE)
def find_channels(query: dict[str, Any], server_id: int) -> Page[dict[str, Any]]:
    """Channels of a server by name"""
    return lists.channels(server_id, **query)


@servers_control.get("/<int:server_id>/matrix")
@right(VIEW)
@servers_control.arguments(PageQuery, location="query")
@servers_control.response(200, MatrixSchema)
def read_matrix(query: dict[str, Any], server_id: int) -> dict[str, Any]:
    """Roles of a server and what each grants, directly and by groups

    Beyond `platform.view` it takes `server.audit` in that server, or `admin.audit`.
    """
    return matrix.roles_and_grants(server_id, **query)


@servers_control.get("/<int:server_id>/overwrites")
@right(VIEW)
@servers_control.arguments(PageQuery, location="query")
@servers_control.response(200, OVERWRITTEN_PAGE)
def read_overwrites_of_server(query: dict[str, Any], server_id: int) -> Page[dict[str, Any]]:
    """Channels of a server with the overwrites in force in each; rights as of the matrix"""
    return matrix.overwrites(server_id, **query)


@users_control.get("")
@right(VIEW)
@users_control.arguments(NameQuery, location="query")
@users_control.response(200, PERSON_PAGE)
def find_users(query: dict[str, Any]) -> Page[Person]:
    """Accounts whose username begins so"""
    return lists.users(**query)


@registry_control.get("")
@right(VIEW)
@registry_control.arguments(PageQuery, location="query")
@registry_control.response(200, page_of(PermissionSchema))
def list_registered_permissions(query: dict[str, Any]) -> Page[Permission]:
    """All permissions, and what each means"""
    return registered(**query)
