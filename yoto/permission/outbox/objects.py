"""The tags that a flush of the ORM touches."""

from __future__ import annotations

from typing import Any

from sqlalchemy import inspect
from sqlalchemy.orm import Session, attributes
from sqlalchemy.orm.base import PassiveFlag

from yoto.permission.outbox.rules import Act, Row, Rule, rule_of
from yoto.permission.outbox.touches import Touches


def touched_by_flush(session: Session, touches: Touches) -> None:
    """Add what the flush that has just happened touched; new rows have their ids by now."""
    for thing in session.new:
        if rule := _rule_of(thing):
            rule.apply(touches, Act.INSERT, _row(thing, rule))
    for thing in session.deleted:
        if rule := _rule_of(thing):
            _both(touches, Act.DELETE, rule, thing)
    for thing in session.dirty:
        rule = _rule_of(thing)
        if rule and any(_changed(thing, column) for column in rule.columns):
            _both(touches, Act.UPDATE, rule, thing)


def _rule_of(thing: object) -> Rule | None:
    return rule_of(inspect(thing).mapper.local_table)


def _both(touches: Touches, act: Act, rule: Rule, thing: Any) -> None:
    """The row as it was and as it is: a grant that moved touches the roles of both."""
    now = _row(thing, rule)
    before = dict(now)
    for key in rule.keys:
        deleted = attributes.get_history(thing, key, PassiveFlag.PASSIVE_NO_FETCH).deleted
        if deleted:
            before[key] = deleted[0]
    rule.apply(touches, act, before)
    if now != before:
        rule.apply(touches, act, now)


def _row(thing: Any, rule: Rule) -> Row:
    loaded = inspect(thing).dict
    return {key: loaded.get(key) for key in rule.keys}


def _changed(thing: Any, column: str) -> bool:
    return attributes.get_history(thing, column, PassiveFlag.PASSIVE_NO_FETCH).has_changes()
