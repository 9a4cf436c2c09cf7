"""How Braid opens RocksDB where keys are looked up by name: raw bytes, one shared block cache, bloom filters."""

from __future__ import annotations

from rocksdict import BlockBasedOptions, Cache, Options

_BLOOM_BITS_PER_KEY = 10
_LOG_FILES = 2


def point_lookup_options(cache: Cache, memtable_bytes: int) -> Options:
    """Options of a database that is created when absent. memtable_bytes: what is kept in memory before a file is made.

    The caches of a process are shared on purpose: RocksDB's default is one per database.
    """
    options = Options(raw_mode=True)
    options.create_if_missing(True)
    options.set_write_buffer_size(memtable_bytes)
    options.set_keep_log_file_num(_LOG_FILES)
    blocks = BlockBasedOptions()
    blocks.set_block_cache(cache)
    blocks.set_bloom_filter(_BLOOM_BITS_PER_KEY, False)
    options.set_block_based_table_factory(blocks)
    return options
