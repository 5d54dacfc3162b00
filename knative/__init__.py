"""What runs the function on a cluster; ``python -m knative --help`` tells its commands."""
