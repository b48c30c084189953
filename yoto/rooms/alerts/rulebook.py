"""The rules in force: those of the code with operators' overrides, and operators' own rules.

They are entries of the configuration store. Operators override fields of a rule of the code. A rule
of their own is an entry that the code does not know, and it ends when its values are taken back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from yoto.checks import check_author
from yoto.errors import ConfigurationError, StoreUnavailable, UnknownResource, ValidationFailed
from yoto.monitor.alert_rules import AlertRule, refuse_fixed
from yoto.resilience import Change, ConfigStore, Entry, Kind, Origin

HISTORY_SHOWN = 50
# Each is evaluated in each evaluation.
MOST_OWN = 200
RULE = Kind.ALERT_RULE


@dataclass(frozen=True, kw_only=True)
class RuleInForce:
    """A rule in force.

    Attributes:
        rule: with all overrides applied.
        version: the version of the overrides; 0 if there never were any.
        values: the overrides.
        own: whether operators created it; then ``values`` are the whole rule.
    """

    rule: AlertRule
    version: int = 0
    values: Mapping[str, Any] = field(default_factory=dict)
    own: bool = False


class Rulebook:
    """Reads and changes the rules of one application.

    Changes are in force in this process at once, and in the others within a second.
    """

    def __init__(self, config: Callable[[], ConfigStore], rules: Iterable[AlertRule]) -> None:
        """``rules``: the code's, each with a name of its own. ``config`` returns the store, in
        which they are defined.

        Raises:
            ConfigurationError: two rules share a name.
        """
        self._config = config
        self._rules: dict[str, AlertRule] = {}
        for rule in rules:
            if self._rules.setdefault(rule.name, rule) is not rule:
                raise ConfigurationError(rule.name, "is the name of two alert rules")

    @property
    def names(self) -> list[str]:
        """The rules of the code."""
        return list(self._rules)

    def all_names(self) -> list[str]:
        """The names of all present rules, also those of operators."""
        return [one.rule.name for one in self.list()]

    def default(self, name: str) -> AlertRule | None:
        """A rule as the code defines it; None: the code has no such rule."""
        return self._rules.get(name)

    def list(self) -> Sequence[RuleInForce]:
        """Every rule, as this process knows it: those of the code first."""
        entries = {entry.name: entry for entry in self._config().list(RULE)}
        names = [*self._rules, *(name for name in entries if name not in self._rules)]
        found = (self._in_force(entries[name]) for name in names)
        return [one for one in found if one is not None]

    def recorded(self) -> Sequence[RuleInForce]:
        """``list``, but only after this process has read the database: Redis may lack a rule, and a
        missing rule ends its alerts.

        Raises:
            StoreUnavailable: the database was never read, and is unavailable now.
        """
        sync = self._config().sync
        if not sync.record_read:
            sync.reconcile()
            if not sync.record_read:
                raise StoreUnavailable("database")
        return self.list()

    def history(
        self, name: str, after: int | None = None, limit: int = HISTORY_SHOWN
    ) -> Sequence[Change]:
        """Changes by operators to a rule, newest first.

        Args:
            after: begin after this version.

        Raises:
            UnknownResource: there is no such rule.
            StoreUnavailable: the store is unavailable.
        """
        self._demand_name(name)
        found = self._config().history(RULE, name, limit, after)
        if not found and after is None and name not in self._rules:
            raise UnknownResource("alert rule", name, field="rule")
        return found

    def add(
        self, name: str, values: Mapping[str, Any], *, by: str, reason: str = ""
    ) -> RuleInForce:
        """Create a rule on any measured value.

        Args:
            values: fields of ``AlertRule`` but for the name; at least the metric, the direction and
                one threshold.

        Raises:
            ValidationFailed: there is such a rule, there are too many, or a bad value.
            StoreUnavailable: the store is unavailable.
        """
        check_author(by, reason)
        made = AlertRule.of_entry(name).with_values(values)
        if not isinstance(made, AlertRule):
            raise ValidationFailed({"metric": "must be given"})
        there = self._present()
        if any(one.rule.name == name for one in there):
            raise ValidationFailed({"name": f"there is a rule {name!r}"})
        if sum(one.own for one in there) >= MOST_OWN:
            raise ValidationFailed({"name": f"there are {MOST_OWN} rules of operators already"})
        config = self._config()
        version = config.get(RULE, name).version
        # An existing entry is no rule: another version of the code wrote it, and this one refuses
        # it.
        made_entry = config.set(
            RULE, name, values, author=by, reason=reason, version=version, merge=False
        ).entry
        return self._after(made_entry)

    def remove(self, name: str, *, by: str, reason: str = "", version: int | None = None) -> None:
        """End a rule that operators made; its open alerts end with the next evaluation.

        All values that operators set under a name outside the code are taken back, even if this
        version of the code cannot make a rule of them.

        Raises:
            ValidationFailed: the rule is one of the code, which can be switched off.
            UnknownResource, VersionConflict, StoreUnavailable: as ``set``.
        """
        check_author(by, reason)
        if name in self._rules:
            raise ValidationFailed({"name": f"{name} is part of the platform; set enabled=false"})
        self._demand_name(name)
        config = self._config()
        config.sync.reconcile()
        if not any(one.origin is Origin.OPERATOR for one in config.get(RULE, name).layers):
            raise UnknownResource("alert rule", name, field="rule")
        config.delete(RULE, name, author=by, reason=reason, version=version)

    def set(
        self,
        name: str,
        values: Mapping[str, Any],
        *,
        by: str,
        reason: str = "",
        version: int | None = None,
    ) -> RuleInForce:
        """Override values of a rule, beside those that are set already.

        Args:
            version: the version that the rule must have.

        Raises:
            UnknownResource: there is no such rule.
            ValidationFailed: a bad value; nothing changed.
            VersionConflict: the rule was changed meanwhile.
            StoreUnavailable: the store is unavailable.
        """
        check_author(by, reason)
        self._found(name)
        if not values:
            raise ValidationFailed({"values": "must name at least one field"})
        refuse_fixed(values)
        config = self._config()
        return self._after(
            config.set(RULE, name, values, author=by, reason=reason, version=version).entry
        )

    def reset(
        self, name: str, *, by: str, reason: str = "", version: int | None = None
    ) -> RuleInForce:
        """Take back all values that operators set on a rule; raises as ``set``.

        Raises:
            ValidationFailed: operators made the rule; it can be removed.
        """
        check_author(by, reason)
        if self._found(name).own:
            raise ValidationFailed({"rule": f"{name} is all that operators set; remove it"})
        config = self._config()
        return self._after(
            config.delete(RULE, name, author=by, reason=reason, version=version).entry
        )

    def _present(self) -> Sequence[RuleInForce]:
        """Every rule as in the database, since other processes may have just changed one."""
        self._config().sync.reconcile()
        return self.list()

    def _found(self, name: str) -> RuleInForce:
        self._demand_name(name)
        found = next((one for one in self._present() if one.rule.name == name), None)
        if found is None:
            raise UnknownResource("alert rule", name, field="rule")
        return found

    def _after(self, entry: Entry) -> RuleInForce:
        found = self._in_force(entry)
        assert found is not None
        return found

    def _in_force(self, entry: Entry) -> RuleInForce | None:
        if not isinstance(entry.config, AlertRule):
            return None
        layer = next((one for one in entry.layers if one.origin is Origin.OPERATOR), None)
        return RuleInForce(
            rule=entry.config,
            version=entry.version,
            values={} if layer is None else layer.values or {},
            own=entry.name not in self._rules,
        )

    def _demand_name(self, name: str) -> None:
        """Raise ``UnknownResource`` if no rule can have the name."""
        try:
            AlertRule.of_entry(name)
        except ValidationFailed:
            raise UnknownResource("alert rule", name, field="rule") from None
