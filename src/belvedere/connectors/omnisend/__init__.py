"""Omnisend: campaigns and automations over three generations of its API."""
