"""What each configuration key means, how text from the environment becomes its value, and checks.

``load(app, config)`` fills ``app.config`` or raises ``ConfigurationError`` naming the key.
"""

from __future__ import annotations

import difflib
import json
import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import sqlalchemy
from flask import Flask

import config as config_classes
from yoto.errors import ConfigurationError
from yoto.logs import FORMATS
from yoto.settings import SETTINGS as PLATFORM
from yoto.settings import Setting, between

ASYNC_MODES = ("eventlet", "gevent", "threading")
ENVIRONMENT_PREFIX = "YOTO"
# Variables of the same prefix that are no configuration of the application.
FOREIGN_VARIABLES = ("YOTO_ENVIRONMENT", "YOTO_INSTANCE_PATH", "YOTO_REQUIRE_ALL")
FOREIGN_PREFIXES = ("YOTO_TEST_",)


_FUNCTION = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*", re.ASCII)
_FUNCTIONS = re.compile(rf"{_FUNCTION.pattern}(?:,{_FUNCTION.pattern})*", re.ASCII)
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_HOSTS = re.compile(r"\.?[A-Za-z0-9.:\[\]-]+(?:,\.?[A-Za-z0-9.:\[\]-]+)*", re.ASCII)

SETTINGS: dict[str, Setting] = {
    **PLATFORM,
    "BREAK_GLASS_HASH": Setting(
        str,
        "the 64 hexadecimal digits that flask control break-glass shows",
        lambda value: bool(_SHA256.fullmatch(value)),
        optional=True,
        secret=True,
    ),
    "DATABASE_URL": Setting(
        str, "a SQLAlchemy address of SQLite, MariaDB or MySQL", optional=True, secret=True
    ),
    "ALLOW_EMBEDDED": Setting(bool, "true or false"),
    "AUTO_MIGRATE": Setting(bool, "true or false"),
    "SEED_DEMO": Setting(bool, "true or false"),
    "ASYNC_MODE": Setting(str, f"one of {', '.join(ASYNC_MODES)}", ASYNC_MODES.__contains__),
    "HOST": Setting(str, "an address to listen on", bool),
    "PORT": Setting(int, "a port, 0 to 65535", between(0, 65535)),
    "DRAIN_SECONDS": Setting(float, "seconds, 0 to 600", between(0, 600)),
    "CONNECTIONS_MAX": Setting(int, "connections of one worker, 1 to 100000", between(1, 100_000)),
    "CONNECTIONS_PER_ADDRESS": Setting(
        int, "connections of one address at one worker, 1 to 100000", between(1, 100_000)
    ),
    "REQUEST_HEAD_SECONDS": Setting(float, "seconds, 0.5 to 600", between(0.5, 600)),
    "REQUEST_BODY_SECONDS": Setting(float, "seconds, 0.5 to 3600", between(0.5, 3600)),
    "KEEP_ALIVE_SECONDS": Setting(float, "seconds, 0.5 to 3600", between(0.5, 3600)),
    "SOCKETS_JOIN_SECONDS": Setting(float, "seconds, 0.5 to 60", between(0.5, 60)),
    "SOCKETS_PING_INTERVAL": Setting(int, "seconds, 1 to 300", between(1, 300)),
    "SOCKETS_PING_TIMEOUT": Setting(int, "seconds, 1 to 300", between(1, 300)),
    "LOG_FORMAT": Setting(str, f"one of {', '.join(FORMATS)}", FORMATS.__contains__),
    "TRACER_PROVIDER": Setting(
        str, "module:function", lambda value: bool(_FUNCTION.fullmatch(value)), optional=True
    ),
    "EXTENSIONS": Setting(
        str,
        "module:function, several of them separated by commas",
        lambda value: bool(_FUNCTIONS.fullmatch(value)),
        optional=True,
    ),
    "ACCESS_TOKEN_SECONDS": Setting(int, "seconds, 1 to 86400", between(1, 86400)),
    "REFRESH_TOKEN_SECONDS": Setting(int, "seconds, 60 to 31536000", between(60, 31536000)),
    "PASSWORD_MIN_LENGTH": Setting(int, "characters, 8 to 128", between(8, 128)),
    "ARGON2_TIME_COST": Setting(int, "passes, 1 to 20", between(1, 20)),
    "ARGON2_MEMORY_KIB": Setting(int, "KiB, 32 to 4194304", between(32, 4194304)),
    "TRUSTED_HOSTS": Setting(
        str,
        "names of hosts, separated by commas",
        lambda value: bool(_HOSTS.fullmatch(value)),
        optional=True,
    ),
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
        setting.check(key, app.config.get(key))
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
            app.config[key] = SETTINGS[key].parse(key, text)
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


def _refuse_engine_without_address(app: Flask) -> None:
    if app.config["POLICY_ENGINE"] == "opa" and not app.config["OPA_URL"]:
        raise ConfigurationError("OPA_URL", "the policy engine 'opa' needs one: set YOTO_OPA_URL")


def _refuse_weak_production(app: Flask) -> None:
    url = app.config["DATABASE_URL"]
    if url is not None:
        _refuse_database(url)
    if app.config["ENVIRONMENT"] != "production":
        return
    if not app.config["RESILIENCE_ENABLED"]:
        raise ConfigurationError("RESILIENCE_ENABLED", "production has its guards on")
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
