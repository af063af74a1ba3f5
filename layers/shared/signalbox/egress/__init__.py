"""What connectors share: the HTTP client, responses, settings, escaping."""

from warnings import filterwarnings

# requests without the package by which it guesses the charset of a text; bodies are read as bytes
filterwarnings("ignore", "Unable to find acceptable character detection dependency")
