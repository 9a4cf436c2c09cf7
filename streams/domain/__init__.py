"""The pure core: numpy, msgspec records and the standard library; no I/O, no clock, no logging."""
