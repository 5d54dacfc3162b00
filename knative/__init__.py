"""Runs the function on a cluster; ``python -m knative --help`` lists the commands."""
