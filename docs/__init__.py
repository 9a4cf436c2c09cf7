"""Pages for people, and what generates some of them."""
