"""How Braid is run."""
