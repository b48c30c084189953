"""All keys of the platform, and how its parts read them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Self, TypeVar

from yoto.errors import ConfigurationError

from . import operation, permission, serving
from .setting import PARSERS, Setting, declared, is_pair

if TYPE_CHECKING:
    from _typeshed import DataclassInstance
    from flask import Flask

PREFIX = "YOTO_"
# Key of the platform's settings in the extensions of an application that it is a guest in.
EXTENSION = "yoto.settings"
_KEY, _CONVERT = "key", "convert"
T = TypeVar("T", bound="DataclassInstance")
D = TypeVar("D")


class Defaults(
    serving.Processes,
    serving.Redis,
    serving.Logs,
    serving.Guards,
    permission.Cache,
    permission.Boundaries,
    operation.Monitoring,
):
    """A value of each setting. ``None`` means: not configured."""


SETTINGS: Mapping[str, Setting] = declared(Defaults)
# The settings of all rooms that this process has imported are here, also of rooms that an
# application has off.
_KNOWN: dict[str, Setting] = dict(SETTINGS)


@dataclass(frozen=True, slots=True)
class Combination:
    """A condition on several keys together.

    Attributes:
        keys: the one to name first.
        holds: given their values in that order.
        says: the right combination; ``{0}`` stands for the prefix of each key.
    """

    keys: tuple[str, ...]
    holds: Callable[..., bool]
    says: str


_COMBINATIONS = [
    Combination(
        ("REDIS_TLS_KEY", "REDIS_TLS_CERT"),
        lambda key, ours: is_pair(ours, key) if ours else key is None,
        "is not the key of {0}REDIS_TLS_CERT, or cannot be read without a pass phrase",
    ),
    Combination(
        ("METRICS_TOKEN_FALLBACK", "METRICS_TOKEN"),
        lambda fallback, token: fallback is None or token is not None,
        "closes nothing without {0}METRICS_TOKEN",
    ),
    Combination(
        ("SECRET_KEY_FALLBACK", "SECRET_KEY"),
        lambda fallback, key: fallback is None or fallback != key,
        "is the {0}SECRET_KEY itself",
    ),
    Combination(
        ("INVALIDATION_BOUNDARY_HORIZON", "INVALIDATION_BOUNDARY_INTERVAL"),
        lambda horizon, interval: horizon > 2 * interval,
        "must be more than twice {0}INVALIDATION_BOUNDARY_INTERVAL",
    ),
    Combination(
        ("CACHE_LOAD_WAIT", "CACHE_LOAD_LEASE"),
        lambda wait, lease: wait > lease,
        "must be longer than {0}CACHE_LOAD_LEASE, or nobody waits for a loader that died",
    ),
]


def declares(owner: type[D]) -> type[D]:
    """Make the keys of a room known: decorates its class of declarations.

    Raises:
        ValueError: another class has one of them.
    """
    for key, one in declared(owner).items():
        if _KNOWN.setdefault(key, one) is not one:
            raise ValueError(f"{key} is declared twice")
    return owner


def go_together(one: Combination) -> None:
    """Add a condition on keys of a room; it counts where an application has all of them."""
    _COMBINATIONS.append(one)


def known_settings() -> Mapping[str, Setting]:
    """The settings of the core, and of the rooms that this process has imported."""
    return _KNOWN


def check_combinations(values: Mapping[str, Any], prefix: str = "") -> None:
    """Check the combinations of ``values`` that have all their keys.

    Raises:
        ConfigurationError: they do not go together; names a key, with ``prefix``.
    """
    for one in _COMBINATIONS:
        if all(key in values for key in one.keys) and not one.holds(*map(values.get, one.keys)):
            raise ConfigurationError(f"{prefix}{one.keys[0]}", one.says.format(prefix))


def value_of(config: Mapping[str, Any], key: str, prefix: str = "") -> Any:
    """The value of ``key`` in ``config``, else its default. Texts mean what they mean in the
    environment.

    Raises:
        ConfigurationError: it is not right; names the key, with ``prefix``.
    """
    setting, value = _KNOWN[key], config.get(f"{prefix}{key}")
    # A number or a flag that is empty, as ``${X:-}`` leaves it, is not configured.
    if value is None or (value == "" and type(setting.rule) in PARSERS):
        return setting.default
    if isinstance(value, str):
        value = setting.parse(f"{prefix}{key}", value)
    return setting.checked(f"{prefix}{key}", value)


def settings_of(app: Flask) -> Mapping[str, Any]:
    """The platform's settings in ``app``: its configuration, or, where the platform is a guest,
    what it was wired with. The application's own keys of the same names are none of them.
    """
    found: Mapping[str, Any] = app.extensions.get(EXTENSION, app.config)
    return found


def guest_settings(*sources: Mapping[str, Any], rooms: Iterable[str] = ()) -> dict[str, Any]:
    """The settings of a platform that is a guest in an application.

    Args:
        sources: with ``YOTO_`` before each key; the later wins.
        rooms: the keys of its rooms.

    Raises:
        ConfigurationError: a value is wrong; it names the key, with ``YOTO_``.
    """
    given = {key: value for one in sources for key, value in one.items() if key.startswith(PREFIX)}
    found = {key: value_of(given, key, PREFIX) for key in (*SETTINGS, *rooms)}
    check_combinations(found, PREFIX)
    return found


def of(key: str, convert: Callable[[Any], Any] | None = None) -> Any:
    """A field of a dataclass that is the setting ``key``, by default as well.

    Args:
        convert: turns a value that is not None into the field's.
    """
    default = _converted(_KNOWN[key].default, convert)
    return field(
        default=default, repr=not _KNOWN[key].secret, metadata={_KEY: key, _CONVERT: convert}
    )


def keys_of(part: type[DataclassInstance]) -> dict[str, str]:
    """The key of each field of ``part`` that is a setting."""
    return {one.name: one.metadata[_KEY] for one in fields(part) if _KEY in one.metadata}


def read(part: type[T], config: Mapping[str, Any], **others: Any) -> T:
    """A ``part`` with the values of ``config`` in its fields that are settings.

    Args:
        others: the other fields; those left out have their defaults.

    Raises:
        ConfigurationError: a value is not right; names the key.
    """
    found = {key: value_of(config, key) for key in keys_of(part).values()}
    check_combinations(found)
    values = {
        one.name: _converted(found[one.metadata[_KEY]], one.metadata[_CONVERT])
        for one in fields(part)
        if _KEY in one.metadata
    }
    return part(**values, **others)


class Configured:
    """Base of dataclasses whose fields are settings (``of``)."""

    __slots__ = ()

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """Read the keys, which are in docs/settings.md, from ``config``; else their defaults.

        Raises:
            ConfigurationError: a value is not right; names the key.
        """
        return read(cls, config)  # type: ignore[type-var]


def _converted(value: Any, convert: Callable[[Any], Any] | None) -> Any:
    return value if value is None or convert is None else convert(value)
