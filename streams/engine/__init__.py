"""What Braid adds to Faust: whole fetches as messages, lanes, and one checkpoint that owns the order of durability.

Knows Kafka, Faust and RocksDB; knows nothing of events, profiles or items.
"""
