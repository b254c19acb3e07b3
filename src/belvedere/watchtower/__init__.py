"""Rules, alerts, and what was judged when."""
