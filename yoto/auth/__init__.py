"""Identifies callers and operators, and keeps others out; each module is usable alone."""
