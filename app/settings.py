"""The sources of the configuration, and the settings that stop the start.

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
from yoto.extras import demand
from yoto.parts.rooms import ALL, chosen
from yoto.room import Room, keep_rooms, rooms_of
from yoto.settings import Setting, check_combinations, declared
from yoto.store.servers import POSTGRESQL, refuse_unsupported
from yoto.store.tls import refuse_half_tls
from yoto.weak_passwords import is_placeholder

ENVIRONMENT_PREFIX = "YOTO"
# Variables of the same prefix that are no configuration of the application.
FOREIGN_VARIABLES = ("YOTO_ENVIRONMENT", "YOTO_INSTANCE_PATH", "YOTO_REQUIRE_ALL")
FOREIGN_PREFIXES = ("YOTO_TEST_",)

SETTINGS = declared(config_classes.Base)  # those of rooms are beside them


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
    keep_rooms(app, _rooms_of(mapping.get("ROOMS", app.config["ROOMS"])))
    of_rooms = {key: one for room in rooms_of(app) for key, one in room.keys.items()}
    for key, setting in of_rooms.items():
        app.config.setdefault(key, setting.default)
    settings = {**SETTINGS, **of_rooms}
    _parse_environment(app, settings)
    app.config.from_mapping(mapping)
    for key, setting in settings.items():
        setting.checked(key, app.config.get(key))
    hosts = app.config["TRUSTED_HOSTS"]
    # Flask wants them so, and refuses other requests by itself.
    app.config["TRUSTED_HOSTS"] = hosts.split(",") if hosts else None
    _refuse_weak_production(app)
    _fill_embedded(app)
    check_combinations(app.config)
    _accept_fallback(app)


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


def _rooms_of(named: str | None) -> tuple[Room, ...]:
    checked = SETTINGS["ROOMS"].checked("ROOMS", named or None)
    return chosen(ALL if checked is None else checked)


def _parse_environment(app: Flask, settings: Mapping[str, Setting]) -> None:
    """Turn the text of each ``YOTO_*`` variable into a value of its key's type."""
    for variable, text in os.environ.items():
        if not variable.startswith(f"{ENVIRONMENT_PREFIX}_") or variable in FOREIGN_VARIABLES:
            continue
        if variable.startswith(FOREIGN_PREFIXES):
            continue
        key = variable.removeprefix(f"{ENVIRONMENT_PREFIX}_")
        if key in settings:
            app.config[key] = settings[key].parse(key, text)
        elif key in app.default_config or hasattr(config_classes.Base, key):
            app.config[key] = _literal(text)
        else:
            near = difflib.get_close_matches(key, settings, n=1)
            hint = f"; did you mean {ENVIRONMENT_PREFIX}_{near[0]}?" if near else ""
            off = next((one.name for one in chosen(ALL) if key in one.keys), None)
            hint = f" without the room '{off}', which is off" if off else hint
            raise ConfigurationError(variable, f"there is no such setting{hint}")


def _literal(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _refuse_weak_production(app: Flask) -> None:
    url = app.config["DATABASE_URL"]
    if url is not None:
        _refuse_database(_with_driver(url))
    if app.config["ENVIRONMENT"] != "production":
        return
    if not app.config["RESILIENCE_ENABLED"]:
        raise ConfigurationError("RESILIENCE_ENABLED", "production has its guards on")
    if app.config["SECRET_KEY"] is None:
        raise ConfigurationError("SECRET_KEY", "production needs one: set YOTO_SECRET_KEY")
    for key in ("SECRET_KEY", "SECRET_KEY_FALLBACK"):
        if app.config[key] is not None and is_placeholder(app.config[key]):
            raise ConfigurationError(
                key,
                "is a placeholder, or too even to be random: make one by"
                """ python -c "import secrets; print(secrets.token_urlsafe(48))\"""",
            )
    if app.config["ALLOW_EMBEDDED"]:
        return
    allow = "or set YOTO_ALLOW_EMBEDDED=1"
    if url is None or sqlalchemy.make_url(url).get_backend_name() == "sqlite":
        raise ConfigurationError(
            "DATABASE_URL", f"production needs PostgreSQL, MariaDB or MySQL ({allow})"
        )
    if not app.config["REDIS_URL"] and not app.config["REDIS_CLUSTER_NODES"]:
        raise ConfigurationError(
            "REDIS_URL", f"production needs REDIS_URL or REDIS_CLUSTER_NODES ({allow})"
        )


def _with_driver(url: str) -> str:
    """The address with our driver where it names none, as hosts of PostgreSQL write it."""
    return re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", url)


def _refuse_database(url: str) -> None:
    try:
        parsed = sqlalchemy.make_url(url)
        refuse_unsupported(parsed)
        if parsed.get_backend_name() == POSTGRESQL:
            if parsed.get_driver_name() != "psycopg":
                raise ConfigurationError(
                    "DATABASE_URL", "write it like postgresql+psycopg://user:password@host/name"
                )
            demand("psycopg", "DATABASE_URL")
        parsed.get_dialect().import_dbapi()
        refuse_half_tls(parsed)
    except sqlalchemy.exc.ArgumentError as error:
        raise ConfigurationError("DATABASE_URL", str(error)) from None
    except ImportError as error:
        raise ConfigurationError(
            "DATABASE_URL", f"{error}; write it like mysql+pymysql://user:password@host/name"
        ) from None


def _fill_embedded(app: Flask) -> None:
    """Values that were not configured live in the instance folder."""
    instance = Path(app.instance_path)
    if app.config["DATABASE_URL"] is None:
        app.config["DATABASE_URL"] = f"sqlite:///{instance / 'yoto.db'}"
    app.config["DATABASE_URL"] = _with_driver(app.config["DATABASE_URL"])
    app.config["SQLALCHEMY_DATABASE_URI"] = app.config["DATABASE_URL"]
    if app.config["SECRET_KEY"] is None:
        try:
            app.config["SECRET_KEY"] = _kept_secret(instance / "secret_key")
        except OSError as error:
            raise ConfigurationError("INSTANCE_PATH", f"cannot be written: {error}") from error


def _accept_fallback(app: Flask) -> None:
    """Hand Flask the key that is being replaced, or that is about to replace it."""
    fallback = app.config["SECRET_KEY_FALLBACK"]
    if app.config["SECRET_KEY_FALLBACKS"]:
        raise ConfigurationError("SECRET_KEY_FALLBACKS", "is not read: set SECRET_KEY_FALLBACK")
    app.config["SECRET_KEY_FALLBACKS"] = None if fallback is None else [fallback]


def _kept_secret(path: Path) -> str:
    """The secret of this instance folder, made once; all its processes read the same one."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(48))
    try:
        # Linking is atomic and never replaces: one secret wins for two first starts at once.
        os.link(fresh, path)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
    return path.read_text()
