"""What HR types: the commands behind `starter.py`, and how their answers look."""
