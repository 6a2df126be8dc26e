"""Benchmarks: what the product does in a second, against the least that could do the same work in the same run."""
