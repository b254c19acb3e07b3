"""Curated replies."""
