"""The HTTP surface: REST blueprints (documented by OpenAPI) and pages."""

from __future__ import annotations

from flask import Flask
from flask_smorest import Blueprint

from app.blueprints.auth import auth
from app.blueprints.behaviour import behaviour
from app.blueprints.channels import categories, channels, overwrites
from app.blueprints.community_socket import fan_out_of, init_community
from app.blueprints.control_plane import init_control
from app.blueprints.control_plane.live import init_live
from app.blueprints.control_plane.routes import CONTROL_REST
from app.blueprints.control_socket import close_control_socket, init_control_socket
from app.blueprints.devices import devices
from app.blueprints.docs import docs
from app.blueprints.emergency import emergency
from app.blueprints.messages import message_payload, messages
from app.blueprints.roles import grants, holders, roles
from app.blueprints.rules import rules
from app.blueprints.servers import invites, members, servers
from app.blueprints.users import users
from app.readiness import CHECKS
from yoto.api.admin import audit_log, registry
from yoto.api.permissions import checks, groups, insight, review, templates
from yoto.api.visibility import init_visibility
from yoto.authzen import access
from yoto.health import init_health

REST: list[Blueprint] = [
    auth,
    users,
    servers,
    members,
    invites,
    categories,
    channels,
    overwrites,
    messages,
    roles,
    grants,
    holders,
    groups,
    checks,
    insight,
    review,
    templates,
    rules,
    devices,
    emergency,
    behaviour,
    registry,
    audit_log,
]


__all__ = ["CONTROL_REST", "REST", "close_pages", "init_pages"]


def init_pages(app: Flask) -> None:
    """Register what is not part of the REST API: health, pages, sockets."""
    init_visibility(app)
    init_health(app, CHECKS)
    init_control(app)
    init_live(app, app.config["SOCKETS_MAX"])
    app.register_blueprint(docs)
    app.register_blueprint(access)
    init_community(app, message_payload)
    init_control_socket(app)


def close_pages(app: Flask) -> None:
    """End what listens to other workers."""
    fan_out_of(app).close()
    close_control_socket(app)
    app.extensions["socketio"].transports.close()
