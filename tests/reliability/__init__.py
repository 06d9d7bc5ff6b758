"""Each promise to strangers has a test here that could fail; the long ones run in ``make torture``."""
