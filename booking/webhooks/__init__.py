"""Telling hosts' own programs what happens: addresses, sending, what it means in words.

What is to be told is written by `booking.hook_outbox`, in the transaction of what happens.
"""
