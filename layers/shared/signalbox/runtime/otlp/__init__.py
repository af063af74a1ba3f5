"""The export of traces, metrics and logs by OTLP; imported only where an endpoint is configured."""
