"""A photo and a request through the model: the only door between pixels and torch."""
