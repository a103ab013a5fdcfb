"""One charger while it runs: its values, sessions, limits and commands."""
