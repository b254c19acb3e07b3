"""Mail over SMTP, one message at a time."""
