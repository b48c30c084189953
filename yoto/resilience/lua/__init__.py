"""The scripts of the distributed guards; ``scripts.py`` beside this package loads them.

Files without a header are included by others. Times are microseconds unless a name ends in ``_ms``.
"""
