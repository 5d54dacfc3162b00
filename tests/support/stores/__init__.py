"""Real servers of models: an S3 store, an HTTPS server and a registry."""
