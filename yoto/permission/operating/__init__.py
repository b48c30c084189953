"""Operating the platform: maintenance, invalidation, positions."""
