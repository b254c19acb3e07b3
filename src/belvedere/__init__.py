"""Belvedere: a self-hosted growth operations platform."""
