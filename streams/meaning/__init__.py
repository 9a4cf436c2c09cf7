"""What texts say: sentiment, entities, topics. Pure functions over texts and packaged weights; no I/O but loading those."""
