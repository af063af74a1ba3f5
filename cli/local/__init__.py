"""The local stack: a cloud emulator, SAM, and what joins them."""
