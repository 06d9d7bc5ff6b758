"""Whole collections of photos, on one machine or many: Ray Data schedules, this room says what is to be done."""
