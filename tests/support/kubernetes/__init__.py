"""Fakes of the Kubernetes API and the gateway, and the rules that manifests keep."""
