"""The documentation: pages written by hand (`*.md`), and the generator that makes a site of them."""
