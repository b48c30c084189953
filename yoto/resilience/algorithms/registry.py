"""The algorithms that configurations may name."""

from __future__ import annotations

import threading

from yoto.errors import ConfigurationError
from yoto.redis import Script

from .algorithm import Algorithm

# A global of the process, like its code: the meaning of a name is no state of an application.
_registered: dict[str, Algorithm] = {}
_lock = threading.Lock()


def register_algorithm(algorithm: Algorithm) -> Algorithm:
    """Make an algorithm available to configurations, from now on and in this process.

    Register it in each process of a fleet before its first request: one that does not
    know the name keeps the configuration that it had, and logs an error. The same algorithm may be
    registered again.

    Returns:
        The registered algorithm.

    Raises:
        ConfigurationError: another algorithm has this name, or this code.
    """
    with _lock:
        same = _registered.get(algorithm.name)
        if same is not None:
            if same != algorithm:
                raise ConfigurationError("algorithm", f"{algorithm.name} is another one already")
            return same
        for other in _registered.values():
            if other.code == algorithm.code:
                raise ConfigurationError(
                    "algorithm", f"{algorithm.name}: {other.name} has the code {other.code}"
                )
        _registered[algorithm.name] = algorithm
        return algorithm


def find_algorithm(name: str) -> Algorithm:
    """The algorithm of that name.

    Raises:
        KeyError: it is not registered.
    """
    return _registered[name]


def limiter_scripts_by_name() -> dict[str, Script]:
    """The scripts of all algorithms, by names such as ``limiter_hit.token_bucket``."""
    return {
        f"{script.name.removesuffix('.lua')}.{name}": script
        for name, algorithm in list(_registered.items())
        for script in algorithm.scripts
    }


def algorithm_names() -> list[str]:
    """The names, in the order of their registration."""
    return list(_registered)
