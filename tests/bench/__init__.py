"""What evhub costs, beside a program that does only the wire work."""
