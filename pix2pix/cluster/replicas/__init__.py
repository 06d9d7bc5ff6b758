"""Editors for visitors, on Ray Serve: replicas that draw, and the remote editor by which a page uses them."""
