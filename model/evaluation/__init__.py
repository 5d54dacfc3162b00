"""Measure a trained model, and find what is wrong with its data."""
