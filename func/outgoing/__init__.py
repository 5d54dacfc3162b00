"""Requests that the function itself sends to other servers."""
