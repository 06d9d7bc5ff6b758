"""What is compared, by name; apart, because processes that are timed must set torch's threads before they import it."""

OURS, FAST, STOCK, TUNED = "ours", "ours, fast", "diffusers", "diffusers, tuned"
