"""The middlewares that services behind the gateway can use: one module each, found by its name."""
