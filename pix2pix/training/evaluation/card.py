"""The model card: README.md beside the weights."""

from pathlib import Path

from pix2pix.training.evaluation.abilities import abilities_of
from pix2pix.training.evaluation.evaluate import Evaluation
from pix2pix.training.recipe import Recipe

TEMPLATE = Path(__file__).with_name("model_card.md")


def write_card(folder: Path, evaluation: Evaluation, recipe: Recipe) -> None:
    """Write the model card of a checkpoint that ``recipe`` made and ``evaluation`` measured."""
    abilities = abilities_of(evaluation)
    crops, whole = recipe.denoiser.shards
    families = [f"- **{f['name']}**: " + ", ".join(f"“{e}”" for e in f["examples"]) for f in abilities["families"]]
    text = TEMPLATE.read_text(encoding="utf-8").format(
        families="\n".join(families),
        passed_trained=evaluation.share("global, trained wordings"),
        passed_held_out=evaluation.share("global, held-out wordings"),
        passed_free=evaluation.share("global, free wordings"),
        passed_shapes=evaluation.share("shapes"),
        scenes=recipe.scenes,
        seed=recipe.seed,
        latent_channels=recipe.autoencoder.latent_channels,
        autoencoder_steps=recipe.autoencoder.steps,
        text_width=recipe.language.width,
        language_steps=recipe.language.steps,
        positions=recipe.language.positions,
        widths=", ".join(map(str, recipe.denoiser.widths)),
        denoiser_steps=recipe.denoiser.steps,
        crops=crops.pixels // crops.sides[0] ** 2,
        crop=crops.sides[0],
        smallest=whole.sides[0],
        largest=whole.sides[-1],
        cooldown=recipe.denoiser.cooldown,
        resolution=abilities["resolution"],
        most_text=abilities["guidance_limits"][0],
        most_image=abilities["guidance_limits"][1],
    )
    (folder / "README.md").write_text(text, encoding="utf-8")
