"""From what everybody did lately to ranked items: behaviour signals kept as a stream, candidates, re-ranker."""
