"""The Knative function: ``main(context)`` answers each request."""

from func.handler import main

__all__ = ["main"]
