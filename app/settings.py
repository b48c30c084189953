"""What each configuration key means, how text from the environment becomes its value, and checks.

``load(app, config)`` fills ``app.config`` or raises ``ConfigurationError`` naming the key.
"""

from __future__ import annotations

import difflib
import json
import os
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy
from flask import Flask

import config as config_classes
from yoto.errors import ConfigurationError
from yoto.logs import FORMATS, LEVELS
from yoto.monitor import BACKENDS as MONITOR_BACKENDS
from yoto.optimization import INVALIDATION_RANGES, INVALIDATION_STRATEGIES, QUEUE_KEYS
from yoto.policy import INSTEAD_OF_SLOW, POLICY_ENGINES

ASYNC_MODES = ("eventlet", "gevent", "threading")
# Keys whose values no message shows.
SECRETS = (
    "SECRET_KEY",
    "BREAK_GLASS_HASH",
    "METRICS_TOKEN",
    "OPA_TOKEN",
    "REDIS_PASSWORD",
    "DATABASE_URL",
    "REDIS_URL",
)
SECRET_KEY_MIN_LENGTH = 16  # characters; RFC 7518 wants as many bits as the hash for real secrets
ENVIRONMENT_PREFIX = "YOTO"
# Variables of the same prefix that are no configuration of the application.
FOREIGN_VARIABLES = ("YOTO_ENVIRONMENT", "YOTO_INSTANCE_PATH", "YOTO_REQUIRE_ALL")
FOREIGN_PREFIXES = ("YOTO_TEST_",)


@dataclass(frozen=True, slots=True)
class Setting:
    """One key: the type its value must have and the test it must pass."""

    kind: type
    says: str
    accepts: Callable[[Any], bool] = lambda value: True
    optional: bool = False


def _between(low: float, high: float) -> Callable[[Any], bool]:
    return lambda value: low <= value <= high


_TYPE = r"(?!(?:user|server|channel|global|application)=)[a-z][a-z0-9_-]*=[1-9][0-9]{0,17}"
_FUNCTION = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*", re.ASCII)
_FUNCTIONS = re.compile(rf"{_FUNCTION.pattern}(?:,{_FUNCTION.pattern})*", re.ASCII)
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_METRICS_TOKEN = re.compile(rf"[!-~]{{{SECRET_KEY_MIN_LENGTH},}}", re.ASCII)
_HOSTS = re.compile(r"\.?[A-Za-z0-9.:\[\]-]+(?:,\.?[A-Za-z0-9.:\[\]-]+)*", re.ASCII)
_WEB = re.compile(r"https?://[^\s/]")
_TYPES = re.compile(rf"(?:{_TYPE}(?:,{_TYPE})*)?", re.ASCII)

AUTHZEN_SUBJECTS = ("username", "external_id", "id")

SETTINGS: dict[str, Setting] = {
    "SECRET_KEY": Setting(
        str,
        f"at least {SECRET_KEY_MIN_LENGTH} characters that nobody can guess",
        lambda value: len(value) >= SECRET_KEY_MIN_LENGTH,
        optional=True,
    ),
    "BREAK_GLASS_HASH": Setting(
        str,
        "the 64 hexadecimal digits that flask control break-glass shows",
        lambda value: bool(_SHA256.fullmatch(value)),
        optional=True,
    ),
    "DATABASE_URL": Setting(str, "a SQLAlchemy address of SQLite, MariaDB or MySQL", optional=True),
    "DATABASE_POOL_SIZE": Setting(int, "connections, 1 to 500", _between(1, 500)),
    "ALLOW_EMBEDDED": Setting(bool, "true or false"),
    "AUTO_MIGRATE": Setting(bool, "true or false"),
    "SEED_DEMO": Setting(bool, "true or false"),
    "ASYNC_MODE": Setting(str, f"one of {', '.join(ASYNC_MODES)}", ASYNC_MODES.__contains__),
    "HOST": Setting(str, "an address to listen on", bool),
    "PORT": Setting(int, "a port, 0 to 65535", _between(0, 65535)),
    "DRAIN_SECONDS": Setting(float, "seconds, 0 to 600", _between(0, 600)),
    "CONNECTIONS_MAX": Setting(int, "connections of one worker, 1 to 100000", _between(1, 100_000)),
    "CONNECTIONS_PER_ADDRESS": Setting(
        int, "connections of one address at one worker, 1 to 100000", _between(1, 100_000)
    ),
    "REQUEST_HEAD_SECONDS": Setting(float, "seconds, 0.5 to 600", _between(0.5, 600)),
    "REQUEST_BODY_SECONDS": Setting(float, "seconds, 0.5 to 3600", _between(0.5, 3600)),
    "KEEP_ALIVE_SECONDS": Setting(float, "seconds, 0.5 to 3600", _between(0.5, 3600)),
    "SOCKETS_MAX": Setting(int, "sockets of one worker, 1 to 100000", _between(1, 100_000)),
    "SOCKETS_PER_ADDRESS": Setting(
        int, "sockets of one address at one worker, 1 to 100000", _between(1, 100_000)
    ),
    "SOCKETS_JOIN_SECONDS": Setting(float, "seconds, 0.5 to 60", _between(0.5, 60)),
    "SOCKETS_PING_INTERVAL": Setting(int, "seconds, 1 to 300", _between(1, 300)),
    "SOCKETS_PING_TIMEOUT": Setting(int, "seconds, 1 to 300", _between(1, 300)),
    "TRUSTED_PROXIES": Setting(int, "how many proxies stand in front, 0 to 10", _between(0, 10)),
    "LOG_LEVEL": Setting(str, f"one of {', '.join(LEVELS)}", LEVELS.__contains__),
    "LOG_FORMAT": Setting(str, f"one of {', '.join(FORMATS)}", FORMATS.__contains__),
    "LOG_REQUEST_SAMPLE": Setting(float, "a share, 0 to 1", _between(0, 1)),
    "TRACER_PROVIDER": Setting(
        str, "module:function", lambda value: bool(_FUNCTION.fullmatch(value)), optional=True
    ),
    "EXTENSIONS": Setting(
        str,
        "module:function, several of them separated by commas",
        lambda value: bool(_FUNCTIONS.fullmatch(value)),
        optional=True,
    ),
    "REDIS_URL": Setting(str, "a redis://, rediss:// or unix:// address", optional=True),
    "REDIS_USERNAME": Setting(str, "a user of the Redis server", optional=True),
    "REDIS_PASSWORD": Setting(str, "the password of that user", optional=True),
    "REDIS_TLS": Setting(bool, "true or false"),
    "REDIS_TLS_CA_CERTS": Setting(str, "a file of certificates to trust", optional=True),
    "REDIS_DB": Setting(int, "a database number, 0 or more", _between(0, 65535)),
    "REDIS_SOCKET_TIMEOUT": Setting(float, "seconds, 0.001 to 60", _between(0.001, 60)),
    "REDIS_CONNECT_TIMEOUT": Setting(float, "seconds, 0.001 to 60", _between(0.001, 60)),
    "REDIS_RETRY_TIME": Setting(float, "seconds, 0.001 to 60", _between(0.001, 60)),
    "REDIS_MAX_CONNECTIONS": Setting(int, "connections, 1 to 10000", _between(1, 10000)),
    "REDIS_KEY_PREFIX": Setting(str, "text without braces, such as yoto:", bool),
    "MAX_STALENESS": Setting(float, "seconds, 0.5 to 60", _between(0.5, 60)),
    "OUTBOX_RELAY": Setting(bool, "true or false"),
    "OUTBOX_RELAY_INTERVAL": Setting(float, "seconds, 0.05 to 60", _between(0.05, 60)),
    "PERMISSION_POOL_SIZE": Setting(int, "connections, 1 to 100", _between(1, 100)),
    "PERMISSION_POOL_WAIT": Setting(float, "seconds, 0.01 to 60", _between(0.01, 60)),
    "INVALIDATION_STRATEGY": Setting(
        str, f"one of {', '.join(INVALIDATION_STRATEGIES)}", INVALIDATION_STRATEGIES.__contains__
    ),
    **{
        key: Setting(kind, f"a number, {low:g} to {high:g}", _between(low, high))
        for key, (_, kind, low, high) in INVALIDATION_RANGES.items()
    },
    "HOT_COUNTS": Setting(bool, "true or false"),
    "HOT_HOURS": Setting(float, "hours, 0.01 to 8760", _between(0.01, 8760)),
    "HOT_MEMBERS": Setting(int, "members, 100 to 1000000", _between(100, 1_000_000)),
    "HOT_FLUSH_SECONDS": Setting(float, "seconds, 0.1 to 3600", _between(0.1, 3600)),
    "PRELOAD": Setting(bool, "true or false"),
    "PRELOAD_INTERVAL": Setting(float, "seconds, 1 to 86400", _between(1, 86400)),
    "PRELOAD_ENTRIES": Setting(int, "entries, 1 to 1000000", _between(1, 1_000_000)),
    "PRELOAD_SECONDS": Setting(float, "seconds, 0.1 to 3600", _between(0.1, 3600)),
    "PRELOAD_SHARE": Setting(float, "a share, 0.01 to 1", _between(0.01, 1)),
    "WARM_UP_AT_START": Setting(bool, "true or false"),
    "WARM_UP_SECONDS": Setting(float, "seconds, 1 to 3600", _between(1, 3600)),
    **{
        key: Setting(
            allowed.kind,
            f"{allowed.unit}, {allowed.low:.10g} to {allowed.high:.10g}",
            _between(allowed.low, allowed.high),
        )
        for key, allowed in QUEUE_KEYS.items()
    },
    "DECISION_RECORDS": Setting(bool, "true or false"),
    "DECISION_RECORD_ALLOW_SAMPLE": Setting(float, "a share, 0 to 1", _between(0, 1)),
    "DECISION_RECORD_DAYS": Setting(float, "days, 0.01 to 3650", _between(0.01, 3650)),
    "POLICY_ENGINE": Setting(
        str, f"one of {', '.join(POLICY_ENGINES)}", POLICY_ENGINES.__contains__
    ),
    "POLICY_DIR": Setting(str, "a folder of policies", optional=True),
    "POLICY_POLL_SECONDS": Setting(float, "seconds, 0.05 to 3600", _between(0.05, 3600)),
    "POLICY_CACHE_SIZE": Setting(int, "decisions, 1 to 10000000", _between(1, 10_000_000)),
    "POLICY_CACHE_SECONDS": Setting(float, "seconds, 0 to 3600", _between(0, 3600)),
    "POLICY_CACHE_SECONDS_MAX": Setting(float, "seconds, 0 to 3600", _between(0, 3600)),
    "POLICY_SLOW_ALERT_MS": Setting(float, "milliseconds, 0.1 to 60000", _between(0.1, 60_000)),
    "POLICY_SLOW_LIMIT_MS": Setting(float, "milliseconds, 0.1 to 60000", _between(0.1, 60_000)),
    "POLICY_INSTEAD_OF_SLOW": Setting(
        str, f"one of {', '.join(INSTEAD_OF_SLOW)}", INSTEAD_OF_SLOW.__contains__
    ),
    "POLICY_DENY_JUMP": Setting(float, "a share, 0 to 1", _between(0, 1)),
    "OPA_URL": Setting(
        str, "an http:// or https:// address", lambda value: bool(_WEB.match(value)), optional=True
    ),
    "OPA_TOKEN": Setting(str, "the bearer token of the OPA server", optional=True),
    "OPA_TIMEOUT": Setting(float, "seconds, 0.01 to 60", _between(0.01, 60)),
    "OPA_CA_CERTS": Setting(str, "a file of certificates to trust", optional=True),
    "ALERT_INTERVAL": Setting(float, "seconds, 0.1 to 60", _between(0.1, 60)),
    "ALERT_KEEP_DAYS": Setting(float, "days, 0.01 to 3650", _between(0.01, 3650)),
    "ALERT_WEBHOOK_TIMEOUT": Setting(float, "seconds, 0.1 to 10", _between(0.1, 10)),
    "ALERT_WEBHOOK_HOURS": Setting(float, "hours, 0.01 to 720", _between(0.01, 720)),
    "ALERT_WEBHOOK_ALLOW_INTERNAL": Setting(bool, "true or false"),
    "ALERT_WEBHOOK_CA_CERTS": Setting(str, "a file of certificates to trust", optional=True),
    "MONITOR": Setting(bool, "true or false"),
    "MONITOR_BACKEND": Setting(
        str, f"one of {', '.join(MONITOR_BACKENDS)}", MONITOR_BACKENDS.__contains__
    ),
    "MONITOR_INTERVAL": Setting(float, "seconds, 0.1 to 10", _between(0.1, 10)),
    "METRICS_TOKEN": Setting(
        str,
        f"at least {SECRET_KEY_MIN_LENGTH} visible ASCII characters that nobody can guess",
        lambda value: bool(_METRICS_TOKEN.fullmatch(value)),
        optional=True,
    ),
    "MONITOR_STATSD": Setting(str, "host:port of a StatsD server", optional=True),
    "TUNING_AUTO": Setting(bool, "true or false"),
    "TUNING_CONFIDENCE": Setting(float, "a share, 0.01 to 1", _between(0.01, 1)),
    "TUNING_WINDOW": Setting(float, "seconds, 5 to 3600", _between(5, 3600)),
    "PREFETCH_ENABLED": Setting(bool, "true or false"),
    "PREFETCH_SAMPLE": Setting(float, "a share, 0 to 1", _between(0, 1)),
    "PREFETCH_HISTORY": Setting(int, "deeds of a user, 8 to 10000", _between(8, 10_000)),
    "PREFETCH_RETENTION_DAYS": Setting(float, "days, 0.01 to 3650", _between(0.01, 3650)),
    "PREFETCH_HALF_LIFE_DAYS": Setting(float, "days, 0.04 to 3650", _between(0.04, 3650)),
    "PREFETCH_BUFFER": Setting(int, "deeds, 100 to 1000000", _between(100, 1_000_000)),
    "PREFETCH_USERS": Setting(int, "users, 1 to 1000000", _between(1, 1_000_000)),
    "PREFETCH_CONFIDENCE": Setting(float, "a probability, 0.01 to 1", _between(0.01, 1)),
    "PREFETCH_RATE": Setting(float, "loads a second, 1 to 100000", _between(1, 100_000)),
    "PREFETCH_CONCURRENCY": Setting(int, "loads at a time, 1 to 100", _between(1, 100)),
    "PREFETCH_MEMORY_SHARE": Setting(float, "a share, 0.001 to 1", _between(0.001, 1)),
    "PREFETCH_PRECISION": Setting(float, "a share, 0 to 1", _between(0, 1)),
    "PREFETCH_SNAPSHOT_SECONDS": Setting(float, "seconds, 1 to 3600", _between(1, 3600)),
    "ACCESS_TOKEN_SECONDS": Setting(int, "seconds, 1 to 86400", _between(1, 86400)),
    "REFRESH_TOKEN_SECONDS": Setting(int, "seconds, 60 to 31536000", _between(60, 31536000)),
    "PASSWORD_MIN_LENGTH": Setting(int, "characters, 8 to 128", _between(8, 128)),
    "ARGON2_TIME_COST": Setting(int, "passes, 1 to 20", _between(1, 20)),
    "ARGON2_MEMORY_KIB": Setting(int, "KiB, 32 to 4194304", _between(32, 4194304)),
    "AUTHZEN_SUBJECT": Setting(
        str, f"one of {', '.join(AUTHZEN_SUBJECTS)}", AUTHZEN_SUBJECTS.__contains__
    ),
    "PUBLIC_URL": Setting(
        str, "an http:// or https:// address", lambda value: bool(_WEB.match(value)), optional=True
    ),
    "TRUSTED_HOSTS": Setting(
        str,
        "names of hosts, separated by commas",
        lambda value: bool(_HOSTS.fullmatch(value)),
        optional=True,
    ),
    "AUTHZEN_TYPES": Setting(
        str, "type=server id, separated by commas", lambda value: bool(_TYPES.fullmatch(value))
    ),
    "MAX_CONTENT_LENGTH": Setting(int, "bytes, 1024 to 67108864", _between(1024, 67108864)),
}


def instance_path() -> str | None:
    """The folder that ``YOTO_INSTANCE_PATH`` names, made absolute; None for Flask's own choice."""
    path = os.environ.get("YOTO_INSTANCE_PATH")
    return os.path.abspath(path) if path else None


def load(app: Flask, config: str | type | Mapping[str, Any] | None) -> None:
    """Fill ``app.config`` from a class, the environment and a mapping, then check every key.

    Args:
        app: the application, with its instance path set.
        config: a class of ``config.py`` or its name, or a mapping laid over the class that
            ``YOTO_ENVIRONMENT`` (or the mapping's own ``ENVIRONMENT``) names; ``None`` for none.

    Raises:
        ConfigurationError: a key is unknown, has a wrong value, or is missing.
    """
    mapping = dict(config) if isinstance(config, Mapping) else {}
    app.config.from_object(_class_of(config, mapping))
    app.config.from_prefixed_env(ENVIRONMENT_PREFIX, loads=str)
    _parse_environment(app)
    app.config.from_mapping(mapping)
    for key, setting in SETTINGS.items():
        _check(key, app.config.get(key), setting)
    hosts = app.config["TRUSTED_HOSTS"]
    # Flask wants them so, and refuses other requests by itself.
    app.config["TRUSTED_HOSTS"] = hosts.split(",") if hosts else None
    _refuse_engine_without_address(app)
    _refuse_weak_production(app)
    _fill_embedded(app)


def _class_of(config: Any, mapping: Mapping[str, Any]) -> type:
    if isinstance(config, type):
        return config
    name = config if isinstance(config, str) else mapping.get("ENVIRONMENT")
    name = name or os.environ.get("YOTO_ENVIRONMENT") or "development"
    if name not in config_classes.CLASSES:
        raise ConfigurationError(
            "ENVIRONMENT", f"'{name}' is not one of {', '.join(config_classes.CLASSES)}"
        )
    return config_classes.CLASSES[name]


def _parse_environment(app: Flask) -> None:
    """Turn the text of each ``YOTO_*`` variable into a value of its key's type."""
    for variable, text in os.environ.items():
        if not variable.startswith(f"{ENVIRONMENT_PREFIX}_") or variable in FOREIGN_VARIABLES:
            continue
        if variable.startswith(FOREIGN_PREFIXES):
            continue
        key = variable.removeprefix(f"{ENVIRONMENT_PREFIX}_")
        if key in SETTINGS:
            app.config[key] = _parse(key, text, SETTINGS[key])
        elif key in app.default_config or hasattr(config_classes.Base, key):
            app.config[key] = _literal(text)
        else:
            near = difflib.get_close_matches(key, SETTINGS, n=1)
            hint = f"; did you mean {ENVIRONMENT_PREFIX}_{near[0]}?" if near else ""
            raise ConfigurationError(variable, f"there is no such setting{hint}")


def _literal(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _parse(key: str, text: str, setting: Setting) -> Any:
    if setting.optional and not text:
        return None
    try:
        if setting.kind is bool:
            return {"1": True, "true": True, "0": False, "false": False}[text.lower()]
        return setting.kind(text)
    except (KeyError, ValueError):
        raise ConfigurationError(key, f"{text!r} is not right: {setting.says}") from None


def _check(key: str, value: Any, setting: Setting) -> None:
    if value is None:
        if setting.optional:
            return
        raise ConfigurationError(key, f"is missing: {setting.says}")
    allowed = (int, float) if setting.kind is float else setting.kind
    wrong_type = not isinstance(value, allowed) or (
        isinstance(value, bool) and setting.kind is not bool
    )
    if wrong_type or not setting.accepts(value):
        shown = "the value given" if key in SECRETS else repr(value)
        raise ConfigurationError(key, f"{shown} is not right: {setting.says}")


def _refuse_engine_without_address(app: Flask) -> None:
    if app.config["POLICY_ENGINE"] == "opa" and not app.config["OPA_URL"]:
        raise ConfigurationError("OPA_URL", "the policy engine 'opa' needs one: set YOTO_OPA_URL")


def _refuse_weak_production(app: Flask) -> None:
    url = app.config["DATABASE_URL"]
    if url is not None:
        _refuse_database(url)
    if app.config["ENVIRONMENT"] != "production":
        return
    if app.config["SECRET_KEY"] is None:
        raise ConfigurationError("SECRET_KEY", "production needs one: set YOTO_SECRET_KEY")
    if app.config["ALLOW_EMBEDDED"]:
        return
    allow = "or set YOTO_ALLOW_EMBEDDED=1"
    if url is None or sqlalchemy.make_url(url).get_backend_name() == "sqlite":
        raise ConfigurationError("DATABASE_URL", f"production needs MariaDB or MySQL ({allow})")
    if not app.config["REDIS_URL"] and not app.config["REDIS_CLUSTER_NODES"]:
        raise ConfigurationError(
            "REDIS_URL", f"production needs REDIS_URL or REDIS_CLUSTER_NODES ({allow})"
        )


def _refuse_database(url: str) -> None:
    try:
        parsed = sqlalchemy.make_url(url)
        backend = parsed.get_backend_name()
        if backend not in ("sqlite", "mysql", "mariadb"):
            raise ConfigurationError("DATABASE_URL", f"'{backend}' is not SQLite, MariaDB or MySQL")
        parsed.get_dialect().import_dbapi()
    except sqlalchemy.exc.ArgumentError as error:
        raise ConfigurationError("DATABASE_URL", str(error)) from None
    except ImportError as error:
        raise ConfigurationError(
            "DATABASE_URL", f"{error}; write it like mysql+pymysql://user:password@host/name"
        ) from None


def _fill_embedded(app: Flask) -> None:
    """What nobody configured lives in the instance folder."""
    instance = Path(app.instance_path)
    if app.config["DATABASE_URL"] is None:
        app.config["DATABASE_URL"] = f"sqlite:///{instance / 'yoto.db'}"
    app.config["SQLALCHEMY_DATABASE_URI"] = app.config["DATABASE_URL"]
    if app.config["SECRET_KEY"] is None:
        try:
            app.config["SECRET_KEY"] = _kept_secret(instance / "secret_key")
        except OSError as error:
            raise ConfigurationError("INSTANCE_PATH", f"cannot be written: {error}") from error


def _kept_secret(path: Path) -> str:
    """The secret of this instance folder, made once; all its processes read the same one."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(48))
    try:
        # Linking is atomic and never replaces: of two first starts, one secret wins for both.
        os.link(fresh, path)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
    return path.read_text()
