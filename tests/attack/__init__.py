"""Attacks on the portal and on mails. Each says what it tries; none may get through."""
