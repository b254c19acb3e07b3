"""Curated replies and the support queue."""
