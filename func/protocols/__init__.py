"""The dialects of requests and responses, one module each."""
