"""What acts on rights would do, and two people side by side."""

from yoto.api.permissions.what_if.views import what_if

__all__ = ["what_if"]
