"""Labelling in data engines, each in a program of its own under ``peers/engines``."""
