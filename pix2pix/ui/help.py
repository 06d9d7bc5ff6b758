"""Words of help, in the page where they are needed."""

CONTROLS = {
    "model": "What draws your edits. One that is not on this machine yet is downloaded first.",
    "steps": "How many times the picture is refined.",
    "text": "How strongly your words count; higher changes more.",
    "image": "How strongly your photo is kept; higher keeps more.",
    "seed": "Where the chance in the picture comes from: the same seed and settings give the same picture.",
    "new_seed": "Every edit looks a little different.",
    "detail": "The result is as sharp as your photo; off shows exactly what the model drew, enlarged.",
    "size": "Side in pixels at which the model draws; larger is finer and slower.",
}

NOT_WHAT_YOU_EXPECTED = """
- **Too little changes.** Press *Change more*: it raises text guidance and lowers image guidance by a notch.
- **Too much changes.** Press *Keep more*: it does the opposite, with the same seed.
- **Almost right.** Try another seed. Each seed is another attempt at the same edit.
- **It misunderstood.** Say it in other words: “make it a sunset” and “turn it into sunset” can differ.
- **It looks unfinished.** Give it more steps, if the model gains from them: the hint beside the steps says so.
- **Faces came out odd.** Small faces have few pixels where the model draws. Crop closer, or choose a larger size.
"""
