"""A demonstration: simulated people play a real program on the real stack."""
