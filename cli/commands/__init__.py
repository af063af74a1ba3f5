"""One module per command or group of commands: options in, output out."""
