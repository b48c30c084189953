"""The grant hierarchy: no write gives, takes or edits anything above its actor."""
