"""Measure a trained model, and find the issues of its data."""
