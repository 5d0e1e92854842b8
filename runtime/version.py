"""Which release this is."""

VERSION = "0.3.0"
"""As in pyproject.toml, which is not there where only the parts run."""
