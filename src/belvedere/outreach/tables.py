"""Leads, analyses, demo sites, videos, campaigns, sends, conversations and tests."""
