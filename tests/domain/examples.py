"""How many examples a property is tried on."""

from __future__ import annotations

from hypothesis import settings

DEEP = "deep"
"""The profile that tries other examples each time, and more of them."""
DEEPER = 5
"""How many times as many."""
USUAL = 100


def examples(count: int) -> settings:
    """So many examples, and in the deep profile more."""
    deep = settings.get_current_profile_name() == DEEP
    return settings(max_examples=count * (DEEPER if deep else 1))
