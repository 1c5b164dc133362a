"""The program that a sandbox's job becomes; it travels as one file and needs the standard library alone."""
