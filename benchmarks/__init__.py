"""Speed, always as a ratio against stock diffusers in the same run."""
