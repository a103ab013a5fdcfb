"""Circuits that several chargers share: who may draw how much, so that the fuse holds."""
