"""The checks of `signalbox doctor`: what is missing or wrong in a stack."""
