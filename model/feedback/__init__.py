"""Turn logged predictions into training data."""
