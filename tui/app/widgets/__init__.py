"""Widgets that every screen shares: the frame's three lines, panels, forms of rows."""
