"""The exercise ``tfp_encoder``."""
