"""Behaviour analysis, next-action prediction, and prefetching into the permission cache."""

from yoto.prefetch.analyzer import BehaviorAnalyzer, Prediction, Profile
from yoto.prefetch.client import ClientSidePredictor, Snapshot
from yoto.prefetch.extension import Prefetch
from yoto.prefetch.facts import PrefetchSteered, PrefetchTurned
from yoto.prefetch.fetching import (
    CacheView,
    PermissionCacheView,
    PrefetchStats,
    SmartPrefetcher,
    TaskReport,
    TaskState,
)
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
    "CacheView",
    "ClientSidePredictor",
    "PermissionCacheView",
    "Prediction",
    "Prefetch",
    "PrefetchService",
    "PrefetchSettings",
    "PrefetchStats",
    "PrefetchSteered",
    "PrefetchTurned",
    "Profile",
    "SmartPrefetcher",
    "Snapshot",
    "Step",
    "Switches",
    "TaskReport",
    "TaskState",
    "UserBehavior",
    "checked_step",
]
