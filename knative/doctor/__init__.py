"""Find what prevents the function from working on a cluster."""
