"""The rules of a reverse-mentoring program: pure functions and data, no I/O, no Temporal."""
