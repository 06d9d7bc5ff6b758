"""``make scaling``: measures how pocket grows, simulates visitors, and writes ``docs/SCALING.md`` with its plots."""

from collections.abc import Iterator
from pathlib import Path

from benchmarks.growth import SERIES, Growth, draw, grown
from benchmarks.process import beyond_the_model
from benchmarks.timing import machine
from benchmarks.visitors import EDITS, LOOKING, Servers, Waiting, servers_needed
from pix2pix.cores import share_cores

DOCS = Path(__file__).parents[1] / "docs"
TEMPLATE = Path(__file__).with_name("scaling.md")
GPU, GPU_PHOTO = 0.52, 0.33  # seconds of one edit and of a gallery's, on the H100 of GPU.md
MARGINAL = 0.88  # of four variants against four edits, measured on two cores
GPU_MARGINAL, TOGETHER = 0.55, 4  # of one UNet call there, from 3 rows to 24; how many that wait are drawn together
PATIENCE, OPEN_HOURS = 10.0, 10
MEGABYTES, MILLION = 4, 1_000_000  # of a JPEG of twelve megapixels
LINE, REQUESTS = 1_250, 3_000  # MB/s of 10 Gbit/s; what a store takes in a second
CROWD = {  # visitors an hour, or nothing where all are there all the time
    "100 a day": 100 / OPEN_HOURS,
    "10,000 a day": 10_000 / OPEN_HOURS,
    "100 at once": None,
    "10,000 at once": None,
}


def main() -> None:
    """Measure, simulate, write."""
    share_cores()  # for the processes that measure
    growths = [grown(name) for name in SERIES]
    cpu = next(one for one in growths if one.name == "visitors at once").line[1]
    beyond = beyond_the_model()
    draw(growths, DOCS / "growth.png")
    _draw_waits(cpu, DOCS / "visitors.png")
    text = TEMPLATE.read_text(encoding="utf-8").format(
        machine=machine(),
        growths="\n".join(map(str, growths)),
        edits=EDITS,
        looking=LOOKING,
        waits="\n".join(_waits(cpu)),
        good=_good_share(cpu),
        marginal=MARGINAL,
        gpu_marginal=GPU_MARGINAL,
        together=TOGETHER,
        cpu=cpu,
        gpu=GPU,
        gpu_photo=GPU_PHOTO,
        needed="\n".join(_needed(cpu)),
        patience=PATIENCE,
        million="\n".join(_million(growths)),
        megabytes=MEGABYTES,
        beyond=beyond,
        cores=beyond / GPU_PHOTO,
        cores_of_eight=8 * beyond / GPU_PHOTO,
        mbps=2 * MEGABYTES / GPU_PHOTO,
        line=LINE / (2 * MEGABYTES / GPU_PHOTO),
        requests=REQUESTS / (3 / GPU_PHOTO),
    )
    (DOCS / "SCALING.md").write_text(text, encoding="utf-8")
    print(text)


def _full(servers: Servers) -> float:
    """Visitors an hour with whom the servers never rest."""
    return servers.number * 3600 / (servers.seconds * EDITS)


def _waits(cpu: float) -> Iterator[str]:
    for number, seconds in ((1, cpu), (4, cpu), (1, GPU)):
        servers = Servers(number, seconds)
        for share in (0.3, 0.6, 0.8, 0.9):
            crowd = share * _full(servers)
            waiting = Waiting.of(servers, crowd)
            yield f"| {number} | {seconds:.2f} | {crowd:.0f} | {waiting.median:.1f} s | {waiting.late:.1f} s |"


def _good_share(cpu: float) -> float:
    """How busy one server may be until nineteen of twenty waits pass the patience of people."""
    shares = [percent / 100 for percent in range(30, 100, 5)]
    servers = Servers(1, cpu)
    return max(share for share in shares if Waiting.of(servers, share * _full(servers)).late < PATIENCE)


def _draw_waits(cpu: float, path: Path) -> None:
    from pix2pix.training.evaluation.plots import draw_plot, save_side_by_side

    shares = [0.2, 0.4, 0.6, 0.8, 0.9]
    plots = []
    for seconds, marginal in ((cpu, MARGINAL), (GPU, GPU_MARGINAL)):
        crowds = [round(share * _full(Servers(1, seconds))) for share in shares]
        lines = [
            (name, [Waiting.of(servers, crowd).late for crowd in crowds])
            for name, servers in (("one", Servers(1, seconds)), ("batches", Servers(1, seconds, TOGETHER, marginal)))
        ]
        plots.append(draw_plot(f"{seconds:.2f} s an edit: wait, s, by visitors an hour", crowds, lines))
    save_side_by_side(path, plots)


def _needed(cpu: float) -> Iterator[str]:
    for crowd, an_hour in CROWD.items():
        if an_hour is None:  # all of them there, each asking again when they have looked
            at_once = float(crowd.partition(" ")[0].replace(",", ""))
            numbers = [max(1, round(at_once * seconds / (LOOKING + seconds) / 0.8)) for seconds in (cpu, GPU)]
        else:
            numbers = [servers_needed(seconds, an_hour, PATIENCE) for seconds in (cpu, GPU)]
        yield f"| {crowd} | {numbers[0]:,} | {numbers[1]:,} |"


def _million(growths: list[Growth]) -> Iterator[str]:
    each = next(one for one in growths if one.name == "photos of a gallery").line[1]
    for what, number, seconds in (
        ("2 cores, pocket, measured", 1, each),
        ("64 cores, pocket, by arithmetic", 32, each),
        ("1 GPU, measured", 1, GPU_PHOTO),
        ("8 GPUs, by arithmetic", 8, GPU_PHOTO),
        ("64 GPUs, by arithmetic", 64, GPU_PHOTO),
    ):
        hours = MILLION * seconds / number / 3600
        speed = 2 * MEGABYTES * number / seconds
        yield f"| {what} | {seconds:.2f} | {hours:.1f} | {speed:.0f} MB/s |"


if __name__ == "__main__":
    main()
