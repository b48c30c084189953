"""Programs for set-up and development beside the application; none of them runs with it."""
