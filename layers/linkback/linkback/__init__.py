"""Linkback: three dialects in, one verified mention out. Each module is handed its clients, clock and settings."""

__version__ = "0.1.0"
