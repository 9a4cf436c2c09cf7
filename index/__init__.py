"""Vectors to neighbours: which items lie closest to a person, while items come and go.

Knows neither `streams` nor `encoders`. Start at `index.factory.build_index`; `index.snapshots` saves and loads.
Every index takes changes from one writer thread and searches from any number of threads without a lock.
"""
