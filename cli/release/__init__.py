"""Builds a release: checks, artifacts, checksums and the tag."""
