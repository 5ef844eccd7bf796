"""Whether a colour can be read on another (WCAG 2)."""

RGB = tuple[int, int, int]


def contrast(first: RGB, second: RGB) -> float:
    """The ratio of luminances of two colours, from 1 (none) to 21."""
    dark, light = sorted((_luminance(first), _luminance(second)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(color: RGB) -> float:
    channels = [value / 255 for value in color]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
