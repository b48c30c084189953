"""Calls regorus, and puts its messages into our words."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from importlib.metadata import version
from typing import TypeVar

import regorus

from yoto.errors import PolicyError
from yoto.rooms.policies.bundle import Bundle
from yoto.rooms.policies.engine.embedded.by_regorus.objects import PACKAGE
from yoto.rooms.policies.engine.embedded.by_regorus.writing import EXACT, reason_at, written
from yoto.rooms.policies.engine.embedded.library import Program, TextOf
from yoto.rooms.policies.engine.protocol import LibraryName

R = TypeVar("R")

_PLACE = re.compile(r"^\s*--> (?P<policy>.+):(?P<line>\d+):(?P<column>\d+)$", re.MULTILINE)
_MESSAGE = re.compile(r"^error: (?P<message>.+)$", re.MULTILINE)
_TRACE = re.compile(r"\n\s*Stack backtrace:")


def new_engine() -> regorus.Engine:
    """An empty engine, whose errors come without the stack of the binding.

    Rust would walk the stack of the thread for it: under greenlets it walks off its end, which
    hangs or ends the process. ``RUST_BACKTRACE`` asks for it, and this variable forbids it.
    """
    os.environ["RUST_LIB_BACKTRACE"] = "0"
    return regorus.Engine()


class Regorus:
    """Regorus, by the package ``celine-regorus``. See ``Library``."""

    name: LibraryName = "regorus"
    # A program takes 100 to 300 KB.
    most_kept = 64
    exact = EXACT
    replaces = True

    @property
    def version(self) -> str:
        """See ``Library``."""
        return version("celine-regorus")

    def admit(self, bundle: Bundle) -> None:
        """Regorus is the reference here: no engine may read a form that it reads differently."""

    def documents(self, data_json: str) -> regorus.Engine:
        """An engine without policies; copies share its documents."""
        engine = new_engine()
        translated("data", lambda: engine.add_data_json(data_json))
        return engine

    def program(
        self,
        documents: regorus.Engine,
        modules: Mapping[str, str],
        rules: Sequence[str],
        tests: bool = False,
    ) -> Program:
        """See ``Library``."""
        engine = _copy(documents)
        for name, source in written(modules).items():
            translated(name, lambda: engine.add_policy(name, source))
        # Copies should be analysed already: an analysis takes longer than most evaluations.
        if not tests:
            # Regorus finds some faults only when a rule is evaluated.
            engine.set_input_json("{}")
            translated("bundle", lambda: engine.eval_query_as_json("data.yoto"))
        elif rules:
            # All rules would be all tests. A fault of this one is reported when it is run.
            with suppress(PolicyError):
                translated("bundle", lambda: engine.eval_rule_as_json(rules[0]))
        return partial(_given, engine)


LIBRARY = Regorus()


def _given(compiled: regorus.Engine, input_json: str | None) -> TextOf:
    """No real input ever reaches what is compiled, only copies of it: less than a microsecond."""
    engine = _copy(compiled)
    if input_json is not None:
        # As text only: the binding's conversion of Python objects makes 0 of False.
        translated("input", lambda: engine.set_input_json(input_json))
    return lambda rule: translated("decision", lambda: engine.eval_rule_as_json(rule))


def _copy(engine: regorus.Engine) -> regorus.Engine:
    copy: regorus.Engine = engine.clone()  # type: ignore[attr-defined]
    return copy


def translated(policy: str, call: Callable[[], R]) -> R:
    """``call()``, with errors of regorus raised as ``PolicyError``.

    Args:
        policy: the name to use where the message names no policy.
    """
    try:
        return call()
    except RuntimeError as error:
        raise _policy_error(policy, str(error)) from None
    except BaseException as error:
        # The binding's panics are no Exception; an exception that ends a thread must pass.
        if type(error).__name__ != "PanicException":
            raise
        raise PolicyError(policy, f"the engine failed: {error}") from None


def _policy_error(policy: str, text: str) -> PolicyError:
    text = _TRACE.split(text, maxsplit=1)[0].strip()
    place, message = _PLACE.search(text), _MESSAGE.search(text)
    reason = message["message"].rstrip(": ") if message else text
    if place is None:
        return PolicyError(policy, reason)
    if place["policy"] == PACKAGE:
        return PolicyError(policy, reason_at(int(place["line"])) or reason)
    return PolicyError(place["policy"], f"line {place['line']}, column {place['column']}: {reason}")
