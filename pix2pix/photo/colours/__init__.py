"""What a photo's numbers mean as colours: which file says it in which way, and how that becomes sRGB."""
