"""Alerts as operators see them. The desk records and audits what is done, with what it changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from yoto.control_plane.alerts.schemas import ANY, OVER, UNCLAIMED
from yoto.extensions import alerts
from yoto.http.paging import PAGE_MAX, Page, cut
from yoto.monitor import Alert, AlertFilter, HistoryEntry, Level, unit_of


def page(
    state: str, rule: str | None, level: str | None, after: int | None, limit: int
) -> Page[dict[str, Any]]:
    """A page of alerts, newest first.

    Raises:
        StoreUnavailable: the database did not answer.
    """
    which = AlertFilter(
        open=None if state == ANY else state != OVER,
        rule=rule,
        level=None if level is None else Level(level),
        acknowledged=False if state == UNCLAIMED else None,
    )
    found = alerts.desk.list(which, after, limit)
    units = _units() if found.items else {}
    shown = [_shown(one, one.id in found.silenced, units) for one in found.items]
    return Page(shown, found.next)


def detail(alert_id: int) -> dict[str, Any]:
    """An alert with its history.

    Raises:
        UnknownResource: there is none.
    """
    alert = alerts.desk.get(alert_id)
    silenced = any(one.matches(alert.rule, alert.labels) for one in alerts.desk.silences())
    told = history(alert_id, None, PAGE_MAX)
    return {
        **_shown(alert, alert.open and silenced, _units()),
        "history": told.items,
        "history_next": told.next,
    }


def history(alert_id: int, after: int | None, limit: int) -> Page[dict[str, Any]]:
    """A page of what happened to an alert, newest first; raises as ``detail``."""
    found = cut(alerts.desk.history(alert_id, after, limit + 1), limit, lambda entry: entry.id)
    return Page([_told(entry) for entry in found.items], found.next)


def acknowledge(alert_id: int, by: str, note: str) -> dict[str, Any]:
    """Take care of an alert; raises as ``AlertDesk.acknowledge``."""
    alerts.desk.acknowledge(alert_id, by=by, note=note)
    return detail(alert_id)


def _units() -> dict[str, str]:
    return {one.rule.name: unit_of(one.rule.metric) for one in alerts.rules.list()}


def _shown(alert: Alert, silenced: bool, units: Mapping[str, str]) -> dict[str, Any]:
    plain = {name: getattr(alert, name) for name in alert.__dataclass_fields__}
    return {
        **plain,
        "labels": dict(alert.labels),
        "unit": units.get(alert.rule),
        "open": alert.open,
        "silenced": silenced,
    }


def _told(entry: HistoryEntry) -> dict[str, Any]:
    event = entry.event
    return {
        "id": entry.id,
        "at": entry.at,
        "type": event.type,
        "data": msgspec.to_builtins(event),
    }
