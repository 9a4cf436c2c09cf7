"""Whether everything that a command needs is there, each thing looked at by itself and said with its remedy."""
