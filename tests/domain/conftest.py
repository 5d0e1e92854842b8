"""How properties are tested: the same cases each time, and how to run a failing one again.

With `--hypothesis-profile=deep` (`make test-deep`) other cases each time, and more of them.
"""

from hypothesis import settings

from tests.domain.examples import DEEP, DEEPER, USUAL

settings.register_profile(
    "properties", derandomize=True, print_blob=True, deadline=None, max_examples=USUAL
)
settings.register_profile(
    DEEP, derandomize=False, print_blob=True, deadline=None, max_examples=USUAL * DEEPER
)
# Loaded before pytest looks at its option, which has the last word.
settings.load_profile("properties")
