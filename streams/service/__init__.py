"""One use case a file, over ports, a batch at a time; no framework, no clock, no I/O of its own."""
