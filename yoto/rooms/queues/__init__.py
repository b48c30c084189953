"""The batch queue, and the queue of invalidations."""
