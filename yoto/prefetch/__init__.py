"""Behaviour analysis, next-action prediction, and prefetching into the permission cache."""

from yoto.prefetch.analyzer import BehaviorAnalyzer, Prediction
from yoto.prefetch.client import ClientSidePredictor
from yoto.prefetch.extension import Prefetch
from yoto.prefetch.facts import PrefetchSteered
from yoto.prefetch.fetching import PrefetchStats, SmartPrefetcher, TaskReport
from yoto.prefetch.recording import BehaviourRecorder
from yoto.prefetch.service import PrefetchService, Switches
from yoto.prefetch.settings import PrefetchSettings
from yoto.prefetch.steps import (
    ACTION,
    ACTION_LENGTH,
    Step,
    UserBehavior,
    checked_step,
)

__all__ = [
    "ACTION",
    "ACTION_LENGTH",
    "BehaviorAnalyzer",
    "BehaviourRecorder",
    "ClientSidePredictor",
    "Prediction",
    "Prefetch",
    "PrefetchService",
    "PrefetchSettings",
    "PrefetchStats",
    "PrefetchSteered",
    "SmartPrefetcher",
    "Step",
    "Switches",
    "TaskReport",
    "UserBehavior",
    "checked_step",
]
