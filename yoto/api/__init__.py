"""Routes for the people of an application, and their programs: their rights and explanations."""
