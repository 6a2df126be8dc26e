"""The demonstration: Café Aurora with a year of life, and everything around it played on this machine."""
