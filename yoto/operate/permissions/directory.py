"""Servers, channels, accounts and permissions by name."""

from __future__ import annotations

from sqlalchemy import Select, select

from yoto.api.people import accounts
from yoto.api.registry import PermissionSchema, list_permissions
from yoto.api.rows import existing
from yoto.auth.operators import VIEW
from yoto.http.fields import NodeId
from yoto.http.operation import After, Limit, Subject
from yoto.http.paging import PAGE_DEFAULT, Page, cut, page_of
from yoto.http.shapes import schema_of
from yoto.operate.permissions.shapes import FoundPerson, ListedChannel, ListedServer, Search
from yoto.store.db import db
from yoto.store.models import Category, Channel, Permission, Server

servers = Subject("servers", "/servers", "Servers, and all that their roles grant", "server")
users = Subject(
    "users",
    "/users",
    "Accounts by name",
    "user",
    names={Page[FoundPerson]: page_of(schema_of(FoundPerson), NodeId)},
)
registry = Subject(
    "registry",
    "/permissions",
    "Which permissions there are",
    "permission",
    names={Permission: PermissionSchema},
)


@servers.operation("GET", "", VIEW)
def find_servers(
    search: Search = "", after: After = None, limit: Limit = PAGE_DEFAULT
) -> Page[ListedServer]:
    """Servers by name"""
    statement = select(Server).where(Server.id > (after or 0)).order_by(Server.id)
    if search.strip():
        statement = statement.where(Server.name.icontains(search.strip(), autoescape=True))
    found = cut(db.session.scalars(statement.limit(limit + 1)).all(), limit, lambda row: row.id)
    return Page(list(map(listed, found.items)), found.next)


def listed(row: Server) -> ListedServer:
    """A server as lists show it."""
    return {"id": row.id, "name": row.name, "owner_id": row.owner_id, "public": row.public}


@servers.operation("GET", "/<int:server_id>/channels", VIEW)
def find_channels(
    server_id: int, search: Search = "", after: After = None, limit: Limit = PAGE_DEFAULT
) -> Page[ListedChannel]:
    """Channels of a server by name"""
    existing(Server, server_id)
    statement = channels_of(server_id, after)
    if search.strip():
        statement = statement.where(Channel.name.icontains(search.strip(), autoescape=True))
    rows = db.session.execute(statement.limit(limit + 1)).all()
    found: list[ListedChannel] = [
        {"id": id_, "name": name, "category": category} for id_, name, category in rows
    ]
    return cut(found, limit, lambda row: row["id"])


def channels_of(server_id: int, after: int | None) -> Select[int, str, str]:
    """The channels of a server by id, with the name of the category of each."""
    return (
        select(Channel.id, Channel.name, Category.name.label("category"))
        .outerjoin(Category, Category.id == Channel.category_id)
        .where(Channel.server_id == server_id, Channel.id > (after or 0))
        .order_by(Channel.id)
    )


@users.operation("GET", "", VIEW)
def find_users(
    search: Search = "", after: After = None, limit: Limit = PAGE_DEFAULT
) -> Page[FoundPerson]:
    """Accounts whose username begins with the text"""
    found = accounts(
        after=after, limit=limit, username=search or None, disabled=None, super_admin=None
    )
    people: list[FoundPerson] = [
        {"id": one.id, "username": one.username, "display_name": one.display_name}
        for one in found.items
    ]
    return Page(people, found.next)


@registry.operation("GET", "", VIEW)
def list_registered_permissions(
    after: After = None, limit: Limit = PAGE_DEFAULT
) -> Page[Permission]:
    """All permissions and their descriptions"""
    return list_permissions(after=after, limit=limit)
