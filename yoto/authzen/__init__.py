"""AuthZEN Authorization API 1.0: the permission platform as anybody's policy decision point."""

from yoto.authzen.views import access

__all__ = ["access"]
