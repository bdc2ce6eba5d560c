"""Tests of what a reader could work out, and the tools that they use."""
