"""Promises that histories do not show: of processes, logs, resources and alerts."""
