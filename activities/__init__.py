"""Everything that touches the world, one file a concern."""
