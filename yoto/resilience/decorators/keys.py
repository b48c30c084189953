"""The key that a decorated call is counted by."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, TypeAlias

from ..limiter import Key
from ..settings import MultiDimensionalKey
from .call import Call

# None: the caller. Text: one key that all share. A callable gives either, or the whole key.
KeyOption: TypeAlias = str | Callable[..., str | int | MultiDimensionalKey] | None
CostOption: TypeAlias = int | Callable[..., int]

_KEYS = (str, int, MultiDimensionalKey, type(None))


class Evaluated:
    """An option that is a value, or a function of the call's arguments.

    A function that takes no arguments is called without any; any other gets those of the decorated
    call.
    """

    def __init__(self, option: Any) -> None:
        self._option = option
        self._callable = callable(option)
        self._takes_arguments = self._callable and _takes_arguments(option)

    def __call__(self, call: Call) -> Any:
        if not self._callable:
            return self._option
        if self._takes_arguments:
            return self._option(*call.args, **call.kwargs)
        return self._option()


class KeyOf(Evaluated):
    """The key of a call; None when the caller is to be counted.

    Raises:
        TypeError: the function gave something that is no key.
    """

    def __call__(self, call: Call) -> Key:
        key = super().__call__(call)
        if key is None and self._callable:
            raise TypeError("the key function gave None; give a key, or leave key= out")
        if isinstance(key, bool) or not isinstance(key, _KEYS):
            raise TypeError(f"a key is text or a MultiDimensionalKey, not {key!r}")
        return key


def _takes_arguments(fn: Callable[..., Any]) -> bool:
    try:
        return bool(inspect.signature(fn).parameters)
    except (TypeError, ValueError):
        # A builtin without a signature.
        return False
