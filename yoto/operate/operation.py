"""The names of ``yoto.http.operation`` that operators' operations are declared by."""

from yoto.http.operation import *  # noqa: F401, F403
