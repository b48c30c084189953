"""From a question to a verdict, for every caller."""
