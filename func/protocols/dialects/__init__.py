"""Contracts of other servers, each a thin translation over the same predictions."""
