"""Read-only tools for assistants, over the Model Context Protocol: what the HTTP API answers about people and items."""
