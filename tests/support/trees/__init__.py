"""Verdicts on trees of resources, a second time: the rules written out, and random worlds.

Nothing here imports the platform. Where this and the platform differ, one of them is wrong.
"""
