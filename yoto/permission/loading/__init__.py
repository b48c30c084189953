"""Reads rights from the database, for every caller."""

from yoto.permission.loading.loader import (
    Loaded,
    load,
    load_one,
    load_places,
    load_these,
    memberships_at,
)
from yoto.permission.loading.sites import Site, implying, load_sites

__all__ = [
    "Loaded",
    "Site",
    "implying",
    "load",
    "load_one",
    "load_places",
    "load_sites",
    "load_these",
    "memberships_at",
]
