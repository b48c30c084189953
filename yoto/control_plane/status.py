"""The contents of the status page: components, health, and this process with its versions."""

from __future__ import annotations

import os
import platform
import socket
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version

from flask import Flask, current_app

from yoto import __version__
from yoto.collectors import health_components, measured_values
from yoto.extensions import monitor
from yoto.health import CheckResult, State, overall, probe
from yoto.monitor.health import HealthReport, assess
from yoto.store.columns import utcnow

EXTENSION = "yoto.process"
# The libraries whose versions an operator looks up first after odd behaviour.
LIBRARIES = ("flask", "flask-socketio", "sqlalchemy", "redis", "eventlet", "flask-smorest")


@dataclass(frozen=True, slots=True)
class Started:
    """The start of this process, in wall-clock time and on a monotonic clock."""

    at: datetime
    monotonic: float


@dataclass(frozen=True, slots=True)
class Value:
    """A value of this process. ``key`` names its label; ``at`` is the time of the reading."""

    key: str
    value: str | None
    at: datetime
    label: str | None = None


@dataclass(frozen=True, slots=True)
class Status:
    """The whole page. All its ages are relative to ``at``.

    Attributes:
        health: metrics of all workers in the last minute.
    """

    overall: State
    components: Sequence[CheckResult]
    health: HealthReport
    process: Sequence[Value]
    versions: Sequence[Value]
    uptime_seconds: float
    at: datetime


def init_process(app: Flask) -> None:
    """Remember when the process started."""
    app.extensions[EXTENSION] = Started(utcnow(), time.monotonic())


def read_status() -> Status:
    """Check the components now, and collect the values of the process."""
    started: Started = current_app.extensions[EXTENSION]
    components = probe().run()
    now = utcnow()
    return Status(
        overall=overall(components),
        components=components,
        health=assess(health_components(current_app), measured_values(monitor.current)()),
        process=_process(started, now),
        versions=_versions(started),
        uptime_seconds=time.monotonic() - started.monotonic,
        at=now,
    )


def _process(started: Started, now: datetime) -> list[Value]:
    config: Mapping[str, object] = current_app.config
    return [
        Value("process.started", started.at.strftime("%Y-%m-%d %H:%M:%S UTC"), started.at),
        Value("process.pid", str(os.getpid()), now),
        Value("process.host", socket.gethostname(), now),
        Value("process.async_mode", _async_mode(), started.at),
        Value("process.environment", str(config["ENVIRONMENT"]), started.at),
        Value("process.guards", "on" if config["RESILIENCE_ENABLED"] else "off", started.at),
    ]


def _async_mode() -> str | None:
    sockets = current_app.extensions.get("socketio")
    return None if sockets is None else str(sockets.async_mode)


def _versions(started: Started) -> list[Value]:
    values = [
        Value("version", __version__, started.at, label="Yoto"),
        Value("version", platform.python_version(), started.at, label="Python"),
    ]
    return values + [
        Value("version", installed_version(name), started.at, label=name) for name in LIBRARIES
    ]


@lru_cache
def installed_version(distribution: str) -> str | None:
    """The version of a library at its first look-up here; None if it is not installed."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None
