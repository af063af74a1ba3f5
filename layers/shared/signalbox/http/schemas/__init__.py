"""Request and response bodies of the API. Importable without AWS."""
