"""Fallbacks: functions by name, and the last good values."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from typing import Any, TypeAlias

from yoto.errors import ConfigurationError

Fallback: TypeAlias = Callable[..., Any]

# Values a feature keeps; the one used longest ago goes first.
MOST_VALUES = 1_000
# s. An older value is worse than an honest error.
DEFAULT_KEEP = 300.0


class Fallbacks:
    """Functions by name, which configuration can choose."""

    def __init__(self) -> None:
        self._functions: dict[str, Fallback] = {}

    def register(self, name: str, fn: Fallback) -> None:
        """Give a fallback its name.

        Raises:
            ConfigurationError: another function has the name.
        """
        if self._functions.setdefault(name, fn) is not fn:
            raise ConfigurationError(name, "is the name of another fallback")

    def get(self, name: str) -> Fallback | None:
        """The function of that name."""
        return self._functions.get(name)

    def names(self) -> list[str]:
        """All names."""
        return sorted(self._functions)


class LastGood:
    """The last good value of each call of one feature, bounded in number and age."""

    def __init__(
        self, keep: float = DEFAULT_KEEP, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """``keep``: seconds for which a value may still be given."""
        self._keep = keep
        self._clock = clock
        self._lock = threading.Lock()
        self._values: dict[Hashable, tuple[float, Any]] = {}

    def remember(self, key: Hashable, value: Any) -> None:
        """Keep the value of a call that went well."""
        with self._lock:
            self._values.pop(key, None)
            self._values[key] = (self._clock(), value)
            while len(self._values) > MOST_VALUES:
                self._values.pop(next(iter(self._values)))

    def find(self, key: Hashable) -> tuple[Any] | None:
        """The value in a tuple, so that ``None`` can be one; None when there is none."""
        found = self._values.get(key)
        if found is None or found[0] + self._keep < self._clock():
            return None
        return (found[1],)
