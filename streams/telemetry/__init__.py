"""What Braid tells operators: metrics declared once, and logs."""
