"""The routes of the API that few requests need. Each module adds those of some resources."""
