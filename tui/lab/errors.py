"""What a person can put right. Every caller shows `str()` of it as one line, never a traceback."""


class LabError(Exception):
    """`str()` is one line: what is wrong, and what to do."""


class RunError(LabError):
    """A run that began and did not get to its end: it diverged, failed, or its trainer is gone."""


class ChangedError(LabError):
    """A run whose spec or data is not what its checkpoint was trained with: it is left as it is."""
