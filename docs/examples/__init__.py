"""Programs to start from, each run by `tests/examples`. They know Braid by its contract and import none of it."""
