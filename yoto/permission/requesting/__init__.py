"""Asking for a right that one lacks, and lending it: the calls of ``PermissionSystem`` for that."""

from yoto.permission.requesting.requesting import Requesting

__all__ = ["Requesting"]
