"""The production server."""
