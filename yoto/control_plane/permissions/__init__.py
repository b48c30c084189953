"""Permissions for operators: why somebody may, who may what, and all that a server grants."""

from yoto.control_plane.permissions.directory import (
    registry_control,
    resources_control,
    servers_control,
    users_control,
)
from yoto.control_plane.permissions.reviews import review_control
from yoto.control_plane.permissions.views import explain_control, search_control

__all__ = [
    "explain_control",
    "registry_control",
    "resources_control",
    "review_control",
    "search_control",
    "servers_control",
    "users_control",
]
