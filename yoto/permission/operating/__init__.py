"""Operating the platform: maintenance, invalidation, warm-up, positions."""
