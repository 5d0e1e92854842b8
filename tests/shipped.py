"""The texts that ship, read once for all tests of a process: reading them takes a quarter second.

Nothing changes them. A test that lays a folder over them, or breaks a file, reads its own.
"""

from store.content import Content
from store.content_folders import SHIPPED

CONTENT = Content(SHIPPED)
