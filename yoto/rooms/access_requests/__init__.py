"""Access requests: asking for a right that one lacks, and lending it for a time."""
