"""Kubernetes Jobs for tasks: what `signalbox work --kubernetes` runs."""
