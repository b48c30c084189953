"""Searches for the resources on which a user has a permission, and for the users who have one."""

from yoto.permission.search.question import Page
from yoto.permission.search.searching import Searching

__all__ = ["Page", "Searching"]
