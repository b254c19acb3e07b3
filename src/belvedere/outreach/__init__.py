"""Leads, analyses, demo sites, campaigns, conversations."""
