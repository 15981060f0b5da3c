"""Who runs a generator: inline, or a supervised process."""
