"""HTTP: Lambda events, problems, authorization, routing, OpenAPI."""
