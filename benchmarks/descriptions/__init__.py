"""Measure models that learn from descriptions: ``python -m benchmarks.descriptions``."""
