"""Braid: one live profile per person, woven from what the person does on every platform."""
