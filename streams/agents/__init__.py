"""The stages as the engine sees them: one use case each, its effects and its counts; no business of their own."""
