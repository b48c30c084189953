"""The right to upload: a permission, and the policy that judges it."""

from __future__ import annotations

from pathlib import Path

from yoto.extensions import permissions, policy

UPLOAD = "picture.upload"


def register() -> None:
    """Declare the permission, and add the policies."""
    permissions.declare(
        {
            "name": UPLOAD,
            "scope": "server",
            "group": "pictures",
            "description": "Upload pictures",
            "abac": True,
        }
    )
    policy.add_bundle("gallery", Path(__file__).parent / "policies")
