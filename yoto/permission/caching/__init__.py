"""Resolutions in memory and in Redis, and the switch that closes the platform."""
