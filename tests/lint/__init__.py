"""Rules of the house that a compiler does not know. Each takes one file's path and text and yields (line, message)."""
