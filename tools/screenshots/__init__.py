"""Pictures of all pages, with data and in the states that they are for."""
