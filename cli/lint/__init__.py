"""The rules for template.yaml."""
