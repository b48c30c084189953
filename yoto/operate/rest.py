"""The names of ``yoto.http.declared`` that operators' routes are made by."""

from yoto.http.declared import *  # noqa: F401, F403
