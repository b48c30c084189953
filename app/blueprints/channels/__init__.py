"""Channels, their categories, and their overwrites."""
