"""Routes for the people of an application, and their programs: what they may, and why."""
