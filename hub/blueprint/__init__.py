"""Blueprints: one YAML file makes a charger."""
