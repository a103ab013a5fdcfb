"""What users, the demo and the tests run instead of hardware."""
