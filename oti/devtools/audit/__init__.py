"""What Lighthouse says of the pages that matter most, on a copy of its own."""
