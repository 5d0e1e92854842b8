"""How properties are tested: the same cases each time, and how to run a failing one again."""

from hypothesis import settings

settings.register_profile("properties", derandomize=True, print_blob=True, deadline=None)
settings.load_profile("properties")
