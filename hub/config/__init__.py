"""evhub.yaml: read, checked, compared."""
