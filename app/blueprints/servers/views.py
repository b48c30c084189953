"""Routes of servers."""

from __future__ import annotations

from typing import Any

from flask import url_for
from sqlalchemy import Row

from app.blueprints.servers import service
from app.blueprints.servers.gate import needs_management
from app.blueprints.servers.membership import demand_visible
from app.blueprints.servers.schemas import (
    ChangeServerSchema,
    NewServerSchema,
    ServerSchema,
    TransferSchema,
)
from app.models import Server
from yoto.auth.access import signed_in
from yoto.auth.identity import current_user_id, identity
from yoto.http.api import API_PREFIX
from yoto.http.idempotency import once
from yoto.http.paging import Page, PageQuery, page_of
from yoto.http.rest import RestBlueprint
from yoto.permission import require_permission

servers = RestBlueprint("servers", __name__, url_prefix=API_PREFIX, description="Communities")
ServerPage = page_of(ServerSchema)

SERVER = "/servers/<int:server_id>"


@servers.post("/servers")
@signed_in
@once
@servers.arguments(NewServerSchema)
@servers.response(201, ServerSchema)
@servers.alt_response(409, "CONFLICT")
def create_server(body: dict[str, Any]) -> tuple[Server, dict[str, str]]:
    """Make a server that you own"""
    server = service.create_server(current_user_id(), **body)
    return server, {"Location": url_for(".read_server", server_id=server.id)}


@servers.get("/servers")
@signed_in
@servers.arguments(PageQuery, location="query")
@servers.response(200, ServerPage)
def list_servers(query: dict[str, Any]) -> Page[Row[Any]]:
    """The servers that you are in"""
    return service.servers_of(current_user_id(), **query)


@servers.get("/servers/discover")
@signed_in
@servers.arguments(PageQuery, location="query")
@servers.response(200, ServerPage)
def discover_servers(query: dict[str, Any]) -> Page[Row[Any]]:
    """The servers that anybody may join, and that you are not in"""
    return service.joinable_servers(current_user_id(), **query)


@servers.get(SERVER)
@signed_in
@servers.response(200, ServerSchema)
def read_server(server_id: int) -> Server:
    """A server that is public, or that you are in"""
    return demand_visible(server_id, identity())


@servers.patch(SERVER)
@require_permission("server.manage", "server", "server_id")
@servers.arguments(ChangeServerSchema)
@servers.response(200, ServerSchema)
def change_server(body: dict[str, Any], server_id: int) -> Server:
    """Change name, description or publicity"""
    return service.change_server(server_id, current_user_id(), body)


@servers.delete(SERVER)
@needs_management
@servers.response(204)
def delete_server(server_id: int) -> None:
    """Delete a server that you own, with everything in it"""
    service.delete_server(server_id, identity())


@servers.post(f"{SERVER}/transfer")
@needs_management
@once
@servers.arguments(TransferSchema)
@servers.response(200, ServerSchema)
def transfer_server(body: dict[str, Any], server_id: int) -> Server:
    """Hand a server that you own over to a member"""
    return service.transfer_server(server_id, identity(), body["user_id"])
