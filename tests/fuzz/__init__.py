"""Fuzzing what HR hands in: `make fuzz`, and a short form of it among the tests."""

import os

# openpyxl takes other XML parsers where they are installed. What ships does without, so does this.
os.environ.setdefault("OPENPYXL_LXML", "False")
os.environ.setdefault("OPENPYXL_DEFUSEDXML", "False")
