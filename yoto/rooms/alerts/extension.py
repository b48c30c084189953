"""The Flask extension: gives each application its alerts."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

from flask import Flask

from yoto.errors import StoreUnavailable
from yoto.events import Events
from yoto.extension import Extension
from yoto.housekeeping import Housekeeper
from yoto.monitor.alert_rules import AlertRule
from yoto.monitor.default_rules import DEFAULT_RULES
from yoto.optimization import Elected
from yoto.resilience import ConfigStore, Resilience

from .actions import AlertService
from .degrading import Degrade, Degrader
from .evaluator import Evaluator, Values, always
from .notices import AlertPublisher
from .rulebook import Rulebook
from .settings import AlertSettings
from .tables import AlertStore
from .webhooks.actions import WebhookService
from .webhooks.delivery import Deliverer
from .webhooks.sending import Sender

log = logging.getLogger(__name__)

# s between checks for deliveries left by other workers; a worker delivers its own at once.
DELIVERY_INTERVAL = 10.0
# s after the moment of a retry at which it is tried: that moment is the database's.
RETRY_LATE = 0.1
PRUNE_INTERVAL = 600.0
# Rows of each kind deleted in one turn.
PRUNE_BATCH = 1_000


class AlertState:
    """The extension's state in an application. Safe for threads and greenlets.

    Attributes:
        store: alerts, webhooks and deliveries in the database.
        desk: alerts and silences, for operators.
        rules: the rules, for operators.
        webhooks: the webhooks, for operators.
        evaluator: evaluates the rules.
        deliverer: delivers messages.
        links: the addresses of alerts and runbooks.
        started: whether it evaluates and delivers by itself.
    """

    def __init__(
        self,
        store: AlertStore,
        values: Values,
        publisher: AlertPublisher,
        settings: AlertSettings,
        rules: Iterable[AlertRule],
        config: Callable[[], ConfigStore],
        elected: Elected,
        degrade: Degrade | None,
    ) -> None:
        """Nothing is opened and no thread starts."""
        self.store = store
        self._settings = settings
        self._publisher = publisher
        sender = Sender(settings.sending)
        self.links = settings.links
        self.rules = Rulebook(config, rules)
        self.service = AlertService(store, self._publisher, self.rules.all_names)
        self.webhooks = WebhookService(store, sender)
        self.deliverer = Deliverer(store, sender, settings.give_up_hours)
        self.evaluator = Evaluator(
            store,
            self.rules,
            values,
            self._publisher,
            settings.interval,
            elected,
            None if degrade is None else Degrader(degrade, settings.interval),
            settings.links,
        )
        self.started = False
        self._unavailable: dict[str, bool] = {}
        # Two threads: a receiver that does not respond must not hold up an evaluation.
        self._evaluation = Housekeeper("yoto-alerts")
        self._evaluation.add("evaluate", self._evaluate)
        self._evaluation.add("prune", self._prune)
        self._delivery = Housekeeper("yoto-alert-webhooks")
        self._deliver_soon = self._delivery.add("deliver", self.deliver)

    def start(self) -> None:
        """Evaluate and deliver from now on."""
        self.started = True
        self._evaluation.start()
        self._delivery.start()

    def close(self) -> None:
        """End the threads; they may start again."""
        self.started = False
        self._evaluation.stop()
        self._delivery.stop()

    def _evaluate(self) -> float:
        if self._reached("evaluated", self.evaluator.turn):
            self._deliver_soon()
        return self._settings.interval

    def deliver(self) -> float:
        """Send the messages that are due; returns the seconds until the next turn."""
        self._reached("delivered", self.deliverer.turn)
        return min(DELIVERY_INTERVAL, self.deliverer.retry_in + RETRY_LATE)

    def _prune(self) -> float:
        self._reached("pruned", self._prune_once)
        return PRUNE_INTERVAL

    def _prune_once(self) -> int:
        with self.store.writing() as rows:
            return rows.prune(self._settings.keep_days, PRUNE_BATCH)

    def _reached(self, what: str, turn: Callable[[], object]) -> object:
        """Take a turn; an unavailable store is logged once until it is back."""
        try:
            result = turn()
        except StoreUnavailable as error:
            if not self._unavailable.get(what):
                log.warning("alerts are not %s now: %s", what, error)
            self._unavailable[what] = True
            return None
        if self._unavailable.pop(what, False):
            log.info("alerts are %s again", what)
        return result


class Alerts(Extension[AlertState]):
    """``alerts = Alerts()``. The application needs ``events`` and ``resilience``."""

    key = "yoto.rooms.alerts"

    def init_app(
        self,
        app: Flask,
        store: AlertStore,
        values: Values,
        settings: AlertSettings | None = None,
        rules: Iterable[AlertRule] = DEFAULT_RULES,
        elected: Elected = always,
        degrade: Degrade | None = None,
    ) -> None:
        """Set up alerts; nothing is opened and no thread starts before ``start``.

        Args:
            store: holds the alerts.
            values: returns the values for the rules; see ``yoto.monitor.signals``.
            settings: by default those of ``AlertSettings``.
            rules: the code's rules.
            elected: returns a context whose value tells whether this worker evaluates; by default
                every worker does.
            degrade: raises and takes back levels of degradation; by default alerts change none.

        Raises:
            RuntimeError: the application has no events or no resilience.
            ConfigurationError: two rules share a name.
        """
        stream, resilience = Events.of(app).stream, Resilience.of(app)
        rules = tuple(rules)
        state = AlertState(
            store,
            values,
            AlertPublisher(store, stream),
            settings or AlertSettings(),
            rules,
            lambda: resilience.config,
            elected,
            degrade,
        )
        for rule in rules:
            resilience.define(rule.name, alert_rule=rule)
        self.keep(app, state)

    @property
    def service(self) -> AlertService:
        """Alerts and silences of the current application."""
        return self.current.service

    @property
    def rules(self) -> Rulebook:
        """The rules of the current application."""
        return self.current.rules

    @property
    def webhooks(self) -> WebhookService:
        """The webhooks of the current application."""
        return self.current.webhooks


# The alerts of the current application.
alerts = Alerts()
