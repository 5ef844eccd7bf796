"""Experiments without a screen: what is asked (spec), how it is run, and what is kept of it."""
