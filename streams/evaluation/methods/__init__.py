"""Methods that are compared: the port, the simple ones, and Braid's own."""

from __future__ import annotations

from streams.evaluation.methods.port import MakeMethod, Method, Ranking, Requests, Setting, Step

__all__ = ["MakeMethod", "Method", "Ranking", "Requests", "Setting", "Step"]
