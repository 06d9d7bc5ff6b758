"""Many callers at once, some of them rude: what each may cost, whose turn it is, and what is not let in."""
