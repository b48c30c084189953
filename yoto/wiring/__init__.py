"""Joins tables to the protocols of core packages, for ``create_app`` to hand over."""

from .alerts import (
    SqlAlertStore,
    alert_settings,
    degrade_by,
    elected_by,
    health_components,
    measured_values,
)
from .database import DATABASE, DATABASE_BREAKER, STORE_FAILURES, guard_database, passing_breaker
from .database_times import time_database
from .decisions import record_settings
from .fleet import signs_of_life, worker_facts
from .forecast_store import forecast_board
from .forecasting import elect_forecaster, elected_forecaster
from .granted import GrantedAccess, hot_places
from .invalidation import invalidation_log
from .journal import SqlJournal
from .measures import measure
from .policies import policy_engine
from .policy_check import PolicyJudge
from .policy_facts import Surroundings
from .sweeping import sweeper_for_guest, sweeper_of
from .tuning import tune, tuner_of

__all__ = [
    "GrantedAccess",
    "DATABASE",
    "DATABASE_BREAKER",
    "STORE_FAILURES",
    "PolicyJudge",
    "SqlAlertStore",
    "SqlJournal",
    "Surroundings",
    "alert_settings",
    "degrade_by",
    "elect_forecaster",
    "elected_by",
    "elected_forecaster",
    "forecast_board",
    "guard_database",
    "hot_places",
    "health_components",
    "invalidation_log",
    "measure",
    "measured_values",
    "passing_breaker",
    "policy_engine",
    "record_settings",
    "signs_of_life",
    "sweeper_for_guest",
    "sweeper_of",
    "time_database",
    "tune",
    "tuner_of",
    "worker_facts",
]
