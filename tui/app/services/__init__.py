"""What takes time, off the event loop: reading data, checking gradients, following runs, drawing maps.

Each service says what happened as facts and never touches a widget.
"""
