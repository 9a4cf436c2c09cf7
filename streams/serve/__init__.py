"""What answers: local views of the published topics, the nearest-item index fed from them, and the HTTP API.

Imports neither `encoders` nor `index`; `streams.serve_app` hands both in through the ports.
"""
