"""Benchmarks, run by one command: `make bench`, or `python -m benchmarks [name ...]`. Ratios are
against a floor measured in the same run.
"""
