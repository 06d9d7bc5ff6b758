"""Files of photos before they are decoded: which they are, what of them is safe to read, and whether they are whole."""
