"""Which things somebody may do something with, and who may do something with a thing."""

from app.core.permission.search.page import Page
from app.core.permission.search.searching import Searching

__all__ = ["Page", "Searching"]
