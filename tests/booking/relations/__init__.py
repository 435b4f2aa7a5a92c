"""Tests of what knows stays and orders of people."""
