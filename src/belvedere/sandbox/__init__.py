"""Platforms to practise with: real HTTP and SMTP on loopback, with a memory, able to fail on request."""
