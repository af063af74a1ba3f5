"""Erase what a stack stores of a person."""
