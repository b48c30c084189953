"""Calls to regorus, and its messages in our words. Only the owner's thread may run these."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import regorus

from yoto.errors import PolicyError
from yoto.policy.result import UNDEFINED

R = TypeVar("R")

_PLACE = re.compile(r"^\s*--> (?P<policy>.+):(?P<line>\d+):(?P<column>\d+)$", re.MULTILINE)
_MESSAGE = re.compile(r"^error: (?P<message>.+)$", re.MULTILINE)
_TRACE = re.compile(r"\n\s*Stack backtrace:")
_UNDEFINED = '"<undefined>"'


def new_engine() -> regorus.Engine:
    """An empty engine, whose errors come without the stack of the binding.

    To collect that, Rust walks the stack of the thread: under greenlets it walks off its end, which
    hangs or ends the process. ``RUST_BACKTRACE`` asks for it, and this variable forbids it.
    """
    os.environ["RUST_LIB_BACKTRACE"] = "0"
    return regorus.Engine()


def load(modules: Mapping[str, str], data_json: str) -> regorus.Engine:
    """An engine with these modules and documents.

    Raises:
        PolicyError: one does not parse.
    """
    engine = new_engine()
    add(engine, modules)
    translated("data", lambda: engine.add_data_json(data_json))
    return engine


def add(engine: regorus.Engine, modules: Mapping[str, str]) -> None:
    """Give an engine more modules.

    Raises:
        PolicyError: one does not parse.
    """
    for name, source in modules.items():
        translated(name, lambda: engine.add_policy(name, source))


def copy_of(engine: regorus.Engine) -> regorus.Engine:
    """Another engine with what this one has loaded; takes less than a microsecond."""
    copy: regorus.Engine = engine.clone()  # type: ignore[attr-defined]
    return copy


def set_input(engine: regorus.Engine, input_json: str) -> None:
    """Give an engine its input.

    Raises:
        PolicyError: it is no JSON text.
    """
    translated("input", lambda: engine.set_input_json(input_json))


def value_of(engine: regorus.Engine, rule: str) -> Any:
    """The value of a rule, or ``UNDEFINED``.

    Raises:
        PolicyError: a policy raised an error.
    """
    return read_value(text_of(engine, rule))


def text_of(engine: regorus.Engine, rule: str) -> str:
    """The value of a rule as a text for ``read_value``.

    Raises:
        PolicyError: a policy raised an error.
    """
    text: str = translated("decision", lambda: engine.eval_rule_as_json(rule))
    return text


def read_value(text: str) -> Any:
    """What an engine gave, or ``UNDEFINED``."""
    return UNDEFINED if text == _UNDEFINED else json.loads(text)


def evaluate_all(engine: regorus.Engine, package: str) -> None:
    """Evaluate every rule below a package, so that each is analysed.

    Raises:
        PolicyError: one cannot be.
    """
    translated("bundle", lambda: engine.eval_query_as_json(package))


def translated(policy: str, call: Callable[[], R]) -> R:
    """``call()``, with what regorus raises as ``PolicyError``.

    Args:
        policy: what to name where the message names no policy.
    """
    try:
        return call()
    except RuntimeError as error:
        raise _policy_error(policy, str(error)) from None
    except BaseException as error:
        # The binding's panics are no Exception; what ends a thread must pass.
        if type(error).__name__ != "PanicException":
            raise
        raise PolicyError(policy, f"the engine failed: {error}") from None


def _policy_error(policy: str, text: str) -> PolicyError:
    text = _TRACE.split(text, maxsplit=1)[0].strip()
    place, message = _PLACE.search(text), _MESSAGE.search(text)
    reason = message["message"].rstrip(": ") if message else text
    if place is None:
        return PolicyError(policy, reason)
    return PolicyError(place["policy"], f"line {place['line']}, column {place['column']}: {reason}")
