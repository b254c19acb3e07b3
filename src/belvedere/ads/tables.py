"""Ad accounts, campaigns, their figures, recommendations, budgets, actions and alerts."""
