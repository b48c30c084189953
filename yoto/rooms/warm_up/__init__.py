"""Warm-up: what is requested most is counted, and brought into the cache before it is requested."""
