"""Tests of the package datasets."""
