"""The networks as they draw soonest: exactly, or fast."""
