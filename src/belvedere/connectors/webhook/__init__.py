"""Signed pushes by the Standard Webhooks convention."""
