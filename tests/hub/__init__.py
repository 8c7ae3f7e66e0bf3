"""Tests that need Dask."""
