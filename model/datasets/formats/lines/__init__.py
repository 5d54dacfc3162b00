"""Formats whose files have an utterance in each line."""
