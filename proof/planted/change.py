"""Changes of the product's text in the process that makes them, and in no file."""

from __future__ import annotations
import __future__

import inspect
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any, TypeAlias

from yoto.redis import Script

# A script, or a class or module and the name of one of its functions or properties.
Where: TypeAlias = Script | tuple[type | ModuleType, str]


@dataclass(frozen=True)
class TextChange:
    """One change of one text.

    Attributes:
        before, after: the text that is there, once, and the text in its place.
    """

    where: Where
    before: str
    after: str

    def changed(self, text: str) -> str:
        """``text`` with the change.

        Raises:
            ValueError: the text is another by now, so that nothing would be planted.
        """
        if text.count(self.before) != 1:
            raise ValueError(f"{self.before!r} is {text.count(self.before)} times in {self.where}")
        return text.replace(self.before, self.after)


@contextmanager
def made(changes: Iterable[TextChange]) -> Iterator[None]:
    """The changes are in the code meanwhile."""
    with ExitStack() as stack:
        for change in changes:
            stack.callback(make(change))
        yield


def make(change: TextChange) -> Callable[[], None]:
    """Change the code from now on; the function that is returned takes the change back.

    Raises:
        ValueError: as ``TextChange.changed``.
    """
    if isinstance(change.where, Script):
        return _make_in_script(change, change.where)
    return _make_in_function(change, *change.where)


def _make_in_script(change: TextChange, script: Script) -> Callable[[], None]:
    return _replace(script, replace(script, source=change.changed(script.source)))


def _replace(real: Any, changed: Any, owners: Sequence[Any] = ()) -> Callable[[], None]:
    """Let all that names ``real`` name ``changed``: ``owners``, or else all modules of ``yoto``."""
    modules = [one for name, one in list(sys.modules.items()) if name.startswith("yoto.")]
    named = [
        (owner, name)
        for owner in owners or modules
        for name, value in list(vars(owner).items())
        if value is real
    ]
    for owner, name in named:
        setattr(owner, name, changed)

    def undo() -> None:
        for owner, name in named:
            setattr(owner, name, real)

    return undo


def _make_in_function(
    change: TextChange, owner: type | ModuleType, name: str
) -> Callable[[], None]:
    real = vars(owner)[name]
    function = real.fget if isinstance(real, property) else real
    source = change.changed(textwrap.dedent(inspect.getsource(function)))
    found: dict[str, Any] = {}
    flags = __future__.annotations.compiler_flag
    code = compile(source, function.__code__.co_filename, "exec", flags)
    exec(code, function.__globals__, found)
    return _replace(real, found[name], [owner] if isinstance(owner, type) else [])
