"""The HTTP surface: REST blueprints (documented by OpenAPI) and pages."""

from __future__ import annotations

from flask import Flask
from flask_smorest import Blueprint

from app.blueprints.auth import auth
from app.blueprints.channels.categories import categories
from app.blueprints.channels.channels import channels
from app.blueprints.channels.overwrites import overwrites
from app.blueprints.community_pages import community_pages, session_pages
from app.blueprints.community_socket import fan_out_of, init_community
from app.blueprints.devices import devices
from app.blueprints.docs import docs
from app.blueprints.emergency import emergency
from app.blueprints.messages import message_payload, messages
from app.blueprints.operators import CONTROL_PLANE, sign_in_pages
from app.blueprints.roles.grants import grants
from app.blueprints.roles.holders import holders
from app.blueprints.roles.roles import roles
from app.blueprints.rules import rules
from app.blueprints.servers.invites import invites
from app.blueprints.servers.members import members
from app.blueprints.servers.servers import servers
from app.blueprints.templates import templates
from app.blueprints.users import users
from app.migrations import CHECKS
from yoto.api.audit import audit_log
from yoto.api.permissions.checks import checks
from yoto.api.permissions.groups import groups
from yoto.api.permissions.insight import insight
from yoto.api.permissions.nodes import nodes
from yoto.api.permissions.subjects import applications, teams
from yoto.api.registry import registry
from yoto.api.visibility import init_visibility
from yoto.control_plane import close_control_socket, init_control
from yoto.health import init_health
from yoto.http.api import BEARER_SCHEME, EXTENSION_KEY, add_api
from yoto.http.application import Application
from yoto.http.declared import people_blueprint
from yoto.room import of_rooms, rooms_of

REST: list[Blueprint] = [
    auth,
    people_blueprint(users),
    people_blueprint(servers),
    members,
    invites,
    people_blueprint(categories),
    people_blueprint(channels),
    people_blueprint(overwrites),
    messages,
    people_blueprint(roles),
    people_blueprint(grants),
    people_blueprint(holders),
    people_blueprint(groups),
    checks,
    people_blueprint(insight),
    people_blueprint(nodes),
    people_blueprint(teams),
    people_blueprint(applications),
    people_blueprint(rules),
    people_blueprint(devices),
    people_blueprint(registry),
    people_blueprint(audit_log),
]
# By the room that they are of no use without.
BESIDE_ROOMS = {"policies": emergency, "templates": people_blueprint(templates)}


__all__ = ["close_pages", "init_api", "init_pages"]


def init_api(app: Flask) -> None:
    """Register the REST API."""
    beside = [BESIDE_ROOMS[one.name] for one in rooms_of(app) if one.name in BESIDE_ROOMS]
    app.extensions[EXTENSION_KEY] = add_api(
        app,
        [*REST, *beside, *of_rooms(app, lambda room: room.rest)],
        "",
        "Yoto community API",
        "Servers, channels, messages, roles.",
        "/api",
        BEARER_SCHEME,
    )


def init_pages(app: Application) -> None:
    """Register what is not part of the REST API: health, pages, sockets."""
    init_visibility(app)
    init_health(app, CHECKS)
    app.register_blueprint(docs)
    app.register_blueprint(community_pages)
    app.register_blueprint(session_pages)
    for one in of_rooms(app, lambda room: room.blueprints):
        app.register_blueprint(one)
    init_community(app, message_payload)
    init_control(app, CONTROL_PLANE)
    app.register_blueprint(sign_in_pages)


def close_pages(app: Flask) -> None:
    """End what listens to other workers."""
    fan_out_of(app).close()
    close_control_socket(app)
    app.extensions["socketio"].transports.close()
