"""The probe of the contract asks the stand-in always, Stripe's test mode when a key is given."""

from tests.oti.fakestripe.standin import receiver, stand_in

__all__ = ["receiver", "stand_in"]
