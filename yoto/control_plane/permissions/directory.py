"""Routes of ``/control/api/servers``, ``/resources``, ``/users`` and ``/permissions``: what there
is, by name.
"""

from __future__ import annotations

from typing import Any

from yoto.api.admin.registry.schemas import PermissionSchema
from yoto.api.admin.registry.service import registered
from yoto.api.people import Person
from yoto.control_plane.permissions import lists, matrix, resources
from yoto.control_plane.permissions.schemas import (
    CHANNEL_PAGE,
    OVERWRITTEN_CHANNELS,
    OVERWRITTEN_PAGE,
    PERSON_PAGE,
    RESOURCE_PAGE,
    SERVER_PAGE,
    MatrixQuery,
    MatrixSchema,
    NamedQuery,
    NameQuery,
    OverwritesQuery,
    ResourceMatrixSchema,
)
from yoto.http.control_api import VIEW, ControlBlueprint, right
from yoto.http.paging import Page, PageQuery, page_of
from yoto.permission import Place
from yoto.store.models import Permission, Server

servers_control = ControlBlueprint(
    "servers_control", __name__, "/servers", "Servers, and all that their roles grant"
)
resources_control = ControlBlueprint(
    "resources_control", __name__, "/resources", "Resources of all types, and what roles grant"
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
    return matrix.of_server(server_id, **query)


@servers_control.get("/<int:server_id>/overwrites")
@right(VIEW)
@servers_control.arguments(PageQuery, location="query")
@servers_control.response(200, OVERWRITTEN_CHANNELS)
def read_overwrites_of_server(query: dict[str, Any], server_id: int) -> Page[dict[str, Any]]:
    """Channels of a server with the overwrites in force in each; rights as of the matrix"""
    return matrix.overwrites(server_id, **query)


@resources_control.get("")
@right(VIEW)
@resources_control.arguments(NamedQuery, location="query")
@resources_control.response(200, RESOURCE_PAGE)
def find_resources(query: dict[str, Any]) -> Page[dict[str, Any]]:
    """Resources of a type by name, where it has names, or by id"""
    within = query["within"]
    return resources.find(
        query["scope"],
        query["search"],
        within and Place(*within),
        query["after"],
        query["limit"],
    )


@resources_control.get("/matrix")
@right(VIEW)
@resources_control.arguments(MatrixQuery, location="query")
@resources_control.response(200, ResourceMatrixSchema)
@resources_control.alt_response(404, "NOT_FOUND")
def read_matrix_of_resource(query: dict[str, Any]) -> dict[str, Any]:
    """Roles of what people belong to and what each grants, directly and by groups

    Beyond `platform.view` it takes the right to audit there, or `admin.audit`.
    """
    home = Place(query["scope"], query["scope_id"])
    return matrix.roles_and_grants(home, query["after"], query["limit"], query["everywhere"])


@resources_control.get("/overwrites")
@right(VIEW)
@resources_control.arguments(OverwritesQuery, location="query")
@resources_control.response(200, OVERWRITTEN_PAGE)
@resources_control.alt_response(404, "NOT_FOUND")
def read_overwrites_below(query: dict[str, Any]) -> Page[dict[str, Any]]:
    """What is below with overwrites in force, and these; rights as of the matrix"""
    home = Place(query["scope"], query["scope_id"])
    return matrix.overwrites_below(home, query["of"], query["after"], query["limit"])


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
