"""Channels and the delivery outbox."""
