"""`braid demo`: the whole of Braid on one machine, in memory, with simulated people."""
