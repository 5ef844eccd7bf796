"""The screens, one file each with one style sheet each, and what they share (`base`)."""
