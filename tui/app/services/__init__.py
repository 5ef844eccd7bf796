"""What takes time, off the event loop: reading data, checking gradients, following runs, drawing maps.

Each service takes a function that posts a fact and never touches a widget.
"""
