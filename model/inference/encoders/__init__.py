"""Sentence encoders that need numpy alone: a text in, its vector out."""
