"""Access reviews: users with a permission, since when, by which ways, and changes of access."""
