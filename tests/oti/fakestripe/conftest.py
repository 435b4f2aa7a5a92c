"""The stand-in runs on a free port for each test of this folder."""

from tests.oti.fakestripe.standin import receiver, stand_in

__all__ = ["receiver", "stand_in"]
