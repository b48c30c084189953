"""One declaration a configuration key: its default, what it may be, and what it means.

A class of declarations is a class of defaults too, as Flask's ``from_object`` reads it: its
attributes are the defaults, and ``declared`` gives the declarations.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from yoto.errors import ConfigurationError
from yoto.rules import Flag, Matching, Named, Number, Rule, Whole


def _flag(text: str) -> bool:
    known = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
    return known[text.strip().lower()]


@dataclass(frozen=True)
class CertificateFile(Matching):
    """The path of a file with at least one certificate (PEM)."""

    says: str = "a file of certificates"

    def __call__(self, value: Any) -> str:
        path = super().__call__(value)
        if fault := certificates_fault(path):
            raise ValueError(f"must be {self.says}: {fault}")
        return path


def certificates_fault(path: str) -> str | None:
    """Why ``path`` is no file of certificates that can be read; None if it is one."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except OSError as error:  # an SSLError is one
        return str(error.strerror or error)
    return None


def is_pair(certificate: str, key: str | None) -> bool:
    """Whether ``key`` is the file of the private key of the first certificate of a file; None: the
    key stands in that file, too.
    """
    try:
        # A worker asks nobody for a pass phrase.
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(certificate, key, password=b"")
    except OSError:  # an SSLError is one
        return False
    return True


PARSERS: Mapping[type[Rule], Callable[[str], Any]] = {Whole: int, Number: float, Flag: _flag}


@dataclass(frozen=True, slots=True)
class Setting:
    """One key.

    Attributes:
        default: the value where nobody says otherwise.
        rule: the allowed values.
        meaning: its effect, for the page of settings.
        optional: whether it may be None: not configured.
        secret: whether no message shows its value.
    """

    default: Any
    rule: Rule
    meaning: str
    optional: bool = False
    secret: bool = False

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        return self.default

    def parse(self, key: str, text: str) -> Any:
        """The value that ``text`` means, as from the environment.

        Raises:
            ConfigurationError: it means none; names ``key``.
        """
        if self.optional and not text:
            return None
        try:
            return PARSERS.get(type(self.rule), str)(text)
        except (KeyError, ValueError):
            return self.checked(key, text)

    def checked(self, key: str, value: Any) -> Any:
        """``value``, which is right.

        Raises:
            ConfigurationError: it is missing, or not right; names ``key``.
        """
        if value is None and self.optional:
            return None
        try:
            return self.rule(value)
        except ValueError as error:
            if value is None:
                raise ConfigurationError(key, f"is missing: {error}") from None
            shown = "the value given" if self.secret else repr(value)
            raise ConfigurationError(key, f"{shown} is not right: {error}") from None


def declared(defaults: type) -> dict[str, Setting]:
    """The declarations of a class of defaults and of those that it inherits from, by key."""
    return {
        key: value
        for one in reversed(defaults.__mro__)
        for key, value in vars(one).items()
        if isinstance(value, Setting)
    }


def whole(default: int, low: int, high: int, unit: str, meaning: str) -> int:
    """Declare a whole number, both ends included."""
    return cast(int, Setting(default, Whole(low, high, unit), meaning))


def number(default: float, low: float, high: float, unit: str, meaning: str) -> float:
    """Declare a number, both ends included."""
    return cast(float, Setting(default, Number(low, high, unit), meaning))


def share(default: float, low: float, meaning: str) -> float:
    """Declare a share or a probability, ``low`` to 1."""
    return number(default, low, 1, "", meaning)


def flag(default: bool, meaning: str) -> bool:
    """Declare a flag, true or false."""
    return cast(bool, Setting(default, Flag(), meaning))


def choice(default: str, choices: tuple[str, ...], meaning: str) -> str:
    """Declare one of a few texts."""
    return cast(str, Setting(default, Named(lambda: choices), meaning))


def text(default: str, says: str, pattern: str, meaning: str) -> str:
    """Declare text of a form: all of it fits ``pattern``, which ``says`` puts into words."""
    return cast(str, Setting(default, _matching(says, pattern), meaning))


def optional(
    says: str, meaning: str, pattern: str | None = None, secret: bool = False
) -> str | None:
    """Declare text that may be left out, and is by default."""
    rule = _matching(says, pattern)
    return cast("str | None", Setting(None, rule, meaning, optional=True, secret=secret))


def certificates(meaning: str) -> str | None:
    """Declare a file of certificates (PEM) that may be left out; it is read when it is checked."""
    return cast("str | None", Setting(None, CertificateFile(), meaning, optional=True))


def _matching(says: str, pattern: str | None) -> Matching:
    return Matching(says, re.compile(pattern, re.ASCII | re.DOTALL) if pattern else None)
