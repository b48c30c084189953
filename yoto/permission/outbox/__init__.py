"""The outbox: no committed change of a permission is ever missing from the invalidation log."""
