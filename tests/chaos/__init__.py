"""Faults, injected by a plan that a seed draws, into a whole program on the real stack."""
