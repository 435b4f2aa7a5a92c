"""A stand-in for Stripe on this machine: API, payment page and webhooks of card payments.

A separate process on the standard library alone (`python -m oti.devtools.fakestripe --help`),
never imported by the product. README.md beside this file tells what it can do.
"""
