"""Turn a fitted pipeline into flat arrays, and verify that both predict the same."""
