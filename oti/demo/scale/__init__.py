"""A large invented destination, written by set-based SQL: for measuring, never for selling."""
