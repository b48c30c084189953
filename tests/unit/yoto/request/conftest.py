"""Requests through the pipeline of the shared HTTP layer."""

from tests.unit.yoto.http.conftest import bare_app

__all__ = ["bare_app"]
