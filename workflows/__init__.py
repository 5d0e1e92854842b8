"""The story of a program, told as durable workflows. The rules stand in `domain/`."""
