"""The tags that a flush of the ORM makes dirty."""

from __future__ import annotations

from typing import Any

from sqlalchemy import inspect
from sqlalchemy.orm import Session, attributes
from sqlalchemy.orm.base import PassiveFlag

from yoto.permission.outbox.dirty_tags import DirtyTags
from yoto.permission.outbox.rules import Act, Row, Rule, rule_of


def collect_flush(session: Session, dirty: DirtyTags) -> None:
    """Add the tags of the flush that has just happened; new rows have their ids by now."""
    for thing in session.new:
        if rule := _rule_of(thing):
            rule.apply(dirty, Act.INSERT, _row(thing, rule))
    for thing in session.deleted:
        if rule := _rule_of(thing):
            _both(dirty, Act.DELETE, rule, thing)
    for thing in session.dirty:
        rule = _rule_of(thing)
        if rule and any(_changed(thing, column) for column in rule.columns):
            _both(dirty, Act.UPDATE, rule, thing)


def _rule_of(thing: object) -> Rule | None:
    return rule_of(inspect(thing).mapper.local_table)


def _both(dirty: DirtyTags, act: Act, rule: Rule, thing: Any) -> None:
    """The row as it was and as it is: a grant that moved makes the roles of both dirty."""
    now = _row(thing, rule)
    before = dict(now)
    for key in rule.keys:
        deleted = attributes.get_history(thing, key, PassiveFlag.PASSIVE_NO_FETCH).deleted
        if deleted:
            before[key] = deleted[0]
    rule.apply(dirty, act, before)
    if now != before:
        rule.apply(dirty, act, now)


def _row(thing: Any, rule: Rule) -> Row:
    loaded = inspect(thing).dict
    return {key: loaded.get(key) for key in rule.keys}


def _changed(thing: Any, column: str) -> bool:
    return attributes.get_history(thing, column, PassiveFlag.PASSIVE_NO_FETCH).has_changes()
