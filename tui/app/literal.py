"""Somebody else's words on our screen: an escape sequence in a file's name is shown, never obeyed."""


def literal(text: str) -> str:
    """`text` on one line, control characters and escapes written out."""
    if text.isprintable():
        return text
    from datasets.base import one_line  # not above: the first picture need not wait for NumPy

    return one_line(text)
