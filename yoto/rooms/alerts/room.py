"""Alerts: rules on values, what holds now, and webhooks that receive it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from flask import Flask

from yoto.component import Component
from yoto.room import CONTROL_PLANE, Room

from .settings import AlertKeys

if TYPE_CHECKING:
    import click

    from yoto.control_plane.navigation import Page
    from yoto.http.operation import Subject

    from .extension import AlertState


def _init(app: Flask, host: object) -> None:
    from .wiring import wire

    wire(app)


def _of(app: Flask) -> AlertState:
    from .extension import Alerts

    return Alerts.of(app)


def _acts() -> Sequence[Subject]:
    from .operating.alerts import alerts
    from .operating.causes import alert_causes
    from .operating.rules import alert_rules
    from .operating.webhooks import alert_webhooks

    return (alerts, alert_causes, alert_rules, alert_webhooks)


def _pages() -> Sequence[Page]:
    from yoto.control_plane.navigation import Page

    return (
        Page(
            "alerts", "/alerts", after="overview", counted=True, links=(("alert", "alerts?alert="),)
        ),
        Page("limits", on="overview", brings=("/alerts/rules",)),
        Page("thresholds", on="settings", after="log_level"),
        Page("webhooks", on="settings", after="log_level"),
    )


def _commands() -> Mapping[str, Sequence[click.Command]]:
    from .commands import alerts

    return {"": (alerts,)}


def _series() -> Mapping[str, str]:
    from .series import HELP

    return HELP


def _models() -> Sequence[type[Any]]:
    from .model import MODELS

    return MODELS


def _brings() -> Mapping[str, tuple[str, Callable[[], Any]]]:
    from yoto.auth.operators import VIEW

    from .operating.rules import list_alert_rules

    return {"/alerts/rules": (VIEW, list_alert_rules)}


def _causes() -> Mapping[str, Callable[[Any], Iterable[Any]]]:
    from .operating.offers import causes

    return {"alerts": causes}


def _finds() -> Sequence[Callable[..., Iterable[Any]]]:
    from .operating.offers import find

    return (find,)


def _first_steps() -> Mapping[str, tuple[str, Callable[[], bool]]]:
    from .operating.offers import FIRST_STEPS

    return FIRST_STEPS


def _topics() -> Mapping[str, tuple[str, Any, Callable[[], Any]]]:
    from .operating.offers import TOPICS

    return TOPICS


_ALERTS: Component[Any] = Component(
    "alerts",
    init=_init,
    start=lambda app: _of(app).start(),
    close=lambda app: _of(app).close(),
)
ROOM = Room(
    "alerts",
    settings=(AlertKeys,),
    components=(_ALERTS,),
    needs=CONTROL_PLANE,
    acts=_acts,
    pages=_pages,
    commands=_commands,
    series=_series,
    models=_models,
    brings=_brings,
    causes=_causes,
    finds=_finds,
    first_steps=_first_steps,
    topics=_topics,
)
