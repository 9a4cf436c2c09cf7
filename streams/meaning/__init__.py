"""What texts say: sentiment, entities, topics. Pure functions over texts and packaged weights, which they load."""
