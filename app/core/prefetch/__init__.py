"""Behaviour analysis, next-action prediction, and prefetching into the permission cache."""

from app.core.prefetch.analyzer import BehaviorAnalyzer, Prediction, Profile
from app.core.prefetch.client import ClientSidePredictor, Snapshot
from app.core.prefetch.extension import Prefetch
from app.core.prefetch.facts import PrefetchSteered, PrefetchTurned
from app.core.prefetch.fetching import (
    CacheView,
    PermissionCacheView,
    PrefetchStats,
    SmartPrefetcher,
    TaskState,
)
from app.core.prefetch.recording import BehaviourRecorder
from app.core.prefetch.service import PrefetchService
from app.core.prefetch.settings import PrefetchSettings
from app.core.prefetch.steps import (
    ACTION,
    ACTION_LENGTH,
    RESOURCE_TYPES,
    Step,
    UserBehavior,
    checked_step,
)

__all__ = [
    "ACTION",
    "ACTION_LENGTH",
    "RESOURCE_TYPES",
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
    "TaskState",
    "UserBehavior",
    "checked_step",
]
