"""Embed many picture files: in this process, or on the workers of a Dask cluster. Only `cluster` imports Dask."""
