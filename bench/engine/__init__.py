"""What the workflows cost, and how quick they are, beside bare ones on the same server."""
