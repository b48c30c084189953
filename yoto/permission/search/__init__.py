"""Which things somebody may do something with, and who may do something with a thing."""

from yoto.permission.search.page import Page
from yoto.permission.search.searching import Searching

__all__ = ["Page", "Searching"]
