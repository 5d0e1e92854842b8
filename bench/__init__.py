"""Benchmarks: what the project claims about speed and quality, measured by one command each."""
