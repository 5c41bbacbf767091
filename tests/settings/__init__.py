"""Settings: where they come from, what is refused, what is shown."""
