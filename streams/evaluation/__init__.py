"""How good the recommendations and the readings of texts are: protocols, baselines and reports over logged data."""
