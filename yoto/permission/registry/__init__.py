"""The registered permissions: names, bits, scopes, and expressions of them."""
