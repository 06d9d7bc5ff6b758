"""The gallery tab: many photos, one instruction."""
