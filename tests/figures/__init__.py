"""The figures of docs/figures.md: what measures them, and the page."""
