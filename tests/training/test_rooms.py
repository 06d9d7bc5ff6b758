"""Inside the training imports point one way, and nothing outside the package is needed."""

from collections.abc import Iterator
from pathlib import Path

from pix2pix import training
from tests.house.test_imports import imported_modules

ROOT = Path(training.__path__[0])
FLOORS = ["root", "targets", "words", "learning", "evaluation", "__main__"]  # lowest first
MAX_MODULES = 14  # in a folder


def modules() -> dict[str, Path]:
    """Files of the training by the names of their modules."""
    names = {file: ".".join(file.relative_to(ROOT.parents[1]).with_suffix("").parts) for file in ROOT.rglob("*.py")}
    return {name.removesuffix(".__init__"): file for file, name in names.items()}


def floor(module: str) -> int:
    """The height of ``pix2pix.training.words.meanings`` is that of words."""
    parts = module.split(".")[2:]
    if parts == ["__main__"]:
        return FLOORS.index("__main__")
    return FLOORS.index(parts[0]) if parts and parts[0] in FLOORS else 0


def imports(file: Path) -> set[str]:
    """The modules of the training that ``file`` imports."""
    return {name for name in imported_modules(file) if name.startswith("pix2pix.training.")}


def test_imports_point_down():
    for module, file in modules().items():
        for other in imports(file):
            assert floor(other) <= floor(module), f"{module} imports {other}"


def test_nobody_imports_a_command():
    assert not [other for file in modules().values() for other in imports(file) if other.endswith("__main__")]


def test_there_is_no_cycle():
    graph = {module: imports(file) for module, file in modules().items()}

    def way(module: str, before: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        if module in before:
            yield (*before, module)
            return
        if module not in done:
            for other in graph.get(module, ()):
                yield from way(other, (*before, module))
            done.add(module)

    done: set[str] = set()
    assert [cycle for module in graph for cycle in way(module, ())] == []


def test_a_folder_can_be_seen_at_once():
    for folder in {file.parent for file in modules().values()}:
        assert len(list(folder.glob("*.py"))) <= MAX_MODULES, folder.name


def test_nothing_outside_the_package_is_read():
    for file in modules().values():
        text = file.read_text(encoding="utf-8")
        assert "shared" not in text, file.name
        assert "import tests" not in text, file.name
        assert "from tests" not in text, file.name
