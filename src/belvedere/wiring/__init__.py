"""Puts the parts together: settings, database, jobs, listeners."""
