"""The documents, and the code that makes parts of them and their pictures."""
