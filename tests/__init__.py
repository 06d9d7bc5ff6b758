"""Where the tests find things."""

from pathlib import Path

ROOT = Path(__file__).parents[1]
SHARED = ROOT / ".." / "shared"  # the project's own photos; a stranger's clone has none
