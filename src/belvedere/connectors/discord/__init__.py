"""Discord over REST: messages of a bot and of webhooks."""
