"""What the production shape mounts, and what is known of the packages that it is made of."""
