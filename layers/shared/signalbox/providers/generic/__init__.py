"""Any service, by the settings of its source: see docs/providers/generic.md."""
