"""Measure which texts of a conversation to classify: ``python -m benchmarks.conversations``."""
