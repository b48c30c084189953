"""Filling the cache with what is asked for most, before anybody asks."""

from app.core.permission.preloading.report import PreloadReport, PreloadStats
from app.core.permission.preloading.service import Preloading
from app.core.permission.preloading.settings import PreloadSettings

__all__ = ["PreloadReport", "PreloadSettings", "PreloadStats", "Preloading"]
