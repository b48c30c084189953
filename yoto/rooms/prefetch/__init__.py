"""Behaviour analysis, next-action prediction, and prefetching into the permission cache."""
