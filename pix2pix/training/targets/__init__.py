"""What the edits should make of pictures, in closed form; and the generated pictures they are made of."""
