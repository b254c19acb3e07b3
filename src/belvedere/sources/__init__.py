"""What was fetched, when, for whom."""
