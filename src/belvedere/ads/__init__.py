"""Ad campaigns, their series, recommendations, budgets and actions."""
