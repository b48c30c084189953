"""Suggestions to change settings, and what comes of those that an operator follows."""
