"""The counting algorithms: each a Lua file and its twin in Python, in one registry."""

from .algorithm import Algorithm, Leases
from .builtin import DEFAULT_ALGORITHM
from .meter import TOLERANCE, Meter, Quota, Status, until_more, whole_units_left
from .registry import algorithm_names, find_algorithm, limiter_scripts_by_name, register_algorithm

__all__ = [
    "Algorithm",
    "DEFAULT_ALGORITHM",
    "Leases",
    "Meter",
    "Quota",
    "Status",
    "TOLERANCE",
    "algorithm_names",
    "find_algorithm",
    "limiter_scripts_by_name",
    "register_algorithm",
    "until_more",
    "whole_units_left",
]
