"""Forms: they give input its shape; use cases decide."""
