"""Linkback: three dialects in, one verified mention out. Every module is handed its clients, its clock and its settings."""

__version__ = "0.1.0"
