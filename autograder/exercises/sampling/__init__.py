"""The exercise ``sampling``."""
