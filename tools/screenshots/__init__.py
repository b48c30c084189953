"""Pictures of all pages, with data and in their typical states."""
