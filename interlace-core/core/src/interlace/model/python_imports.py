"""Imports the Python files of a project without a trace in ``sys.path``, so that two projects never meet.

A project's modules live in ``sys.modules`` under a private package, ``_interlace_models_<hash of the root>``.  Each of
them gets an ``__import__`` of its own: ``import helpers`` finds ``helpers.py`` in the project's folder first, under the
private name, also when it is executed later, inside a function.  Other names are imported as everywhere.
"""

from __future__ import annotations

import builtins
import hashlib
import importlib
import importlib.util
import sys
import threading
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["forget_changed", "import_file", "is_project_module", "module_name", "private_name", "public_text"]

_PREFIX: Final = "_interlace_models_"
_DOT: Final = "\N{ONE DOT LEADER}"  # stands for a dot inside the name of a file
_DIGEST: Final = "__interlace_digest__"
_lock = threading.RLock()


def private_name(root: Path) -> str:
    """The package under which a project's modules live."""
    return _PREFIX + hashlib.blake2b(str(root).encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()


def module_name(root: Path, path: Path) -> str:
    """The name of a file's module in ``sys.modules``."""
    parts = list(path.relative_to(root).with_suffix("").parts)
    if parts[-1] == "__init__":
        parts.pop()
    return ".".join([private_name(root), *(part.replace(".", _DOT) for part in parts)])


def public_text(root: Path, text: str) -> str:
    """A message without the private names."""
    return text.replace(private_name(root) + ".", "")


def import_file(root: Path, path: Path) -> ModuleType:
    """Import one file of a project, or give the module that was imported before.

    Raises:
        ImportError: a folder of the same name with an ``__init__.py`` hides the file.
        Exception: whatever the file raises.
    """
    with _lock:
        _install(root)
        module = importlib.import_module(module_name(root, path))
    if module.__file__ is None or Path(module.__file__) != path:
        raise ImportError(f"the folder {path.with_suffix('').name!r} beside {path.name!r} hides it")
    return module


def forget_changed(root: Path) -> None:
    """Drop the project's modules when one of their files has changed, so that all are imported anew."""
    with _lock:
        prefix = private_name(root)
        modules = {n: m for n, m in sys.modules.items() if n == prefix or n.startswith(prefix + ".")}
        if any(_changed(module) for module in modules.values()):
            for name in modules:
                sys.modules.pop(name, None)


def is_project_module(root: Path, top: str) -> bool:
    """Whether ``import top`` in a file of the project means a module of the project."""
    if (root / f"{top}.py").is_file() or (root / top / "__init__.py").is_file():
        return True
    if not (root / top).is_dir() or top in sys.stdlib_module_names:
        return False
    # As in Python, a folder without __init__.py gives way to an installed package of that name.
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return True
    return spec is None or (spec.origin is None and str(root / top) in list(spec.submodule_search_locations or ()))


def _changed(module: ModuleType) -> bool:
    digest = getattr(module, _DIGEST, None)
    if digest is None or module.__file__ is None:
        return False
    try:
        content = Path(module.__file__).read_bytes()
    except OSError:
        return True
    return bool(digest != _digest(content))


def _digest(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=16).digest()


def _install(root: Path) -> None:
    if not any(isinstance(finder, _ProjectFinder) for finder in sys.meta_path):
        # First: the standard finder would find the files below the package too, and load them in its own way.
        sys.meta_path.insert(0, _ProjectFinder())
    name = private_name(root)
    if name not in sys.modules:
        package = ModuleType(name, f"The project in {root}.")
        package.__path__ = [str(root)]
        package.__package__ = name
        sys.modules[name] = package


class _ProjectFinder(MetaPathFinder):
    """Finds modules below a private package; knows nothing of other names."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if path is None or not fullname.startswith(_PREFIX):
            return None
        root = Path(sys.modules[fullname.partition(".")[0]].__path__[0])
        stem = fullname.rpartition(".")[2].replace(_DOT, ".")
        for folder in path:
            base = Path(folder) / stem
            init, file = base / "__init__.py", base.with_name(f"{stem}.py")
            if init.is_file():
                return _spec(fullname, root, init, package=base)
            if file.is_file():
                return _spec(fullname, root, file)
            if base.is_dir():
                spec = ModuleSpec(fullname, None, is_package=True)
                spec.submodule_search_locations = [str(base)]
                return spec
        return None


def _spec(name: str, root: Path, file: Path, package: Path | None = None) -> ModuleSpec:
    spec = ModuleSpec(name, _ProjectLoader(root, file), origin=str(file), is_package=package is not None)
    spec.has_location = True
    if package is not None:
        spec.submodule_search_locations = [str(package)]
    return spec


class _ProjectLoader(Loader):
    """Executes a file with the project's own ``__import__``; writes no bytecode beside it.

    A ``__pycache__`` would change the time of the folder, which is observed.
    """

    def __init__(self, root: Path, file: Path) -> None:
        self._root = root
        self._file = file

    def create_module(self, _spec: ModuleSpec) -> None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        content = self._file.read_bytes()
        setattr(module, _DIGEST, _digest(content))
        module.__dict__["__builtins__"] = _project_builtins(self._root)
        exec(compile(content, str(self._file), "exec", dont_inherit=True), module.__dict__)  # noqa: S102  it is the user's own file


def _project_builtins(root: Path) -> dict[str, Any]:
    return {**vars(builtins), "__import__": _importer(root)}


def _importer(root: Path) -> Callable[..., Any]:
    prefix = private_name(root)
    known: dict[str, bool] = {}

    def project_import(
        name: str,
        globals: Any = None,  # noqa: A002  the signature of __import__
        locals: Any = None,  # noqa: A002
        fromlist: Any = (),
        level: int = 0,
    ) -> Any:
        top = name.partition(".")[0]
        if level == 0 and top not in known:
            known[top] = is_project_module(root, top)
        if level or not known[top]:
            return builtins.__import__(name, globals, locals, fromlist, level)
        module = builtins.__import__(f"{prefix}.{name}", globals, locals, fromlist or ("__name__",), 0)
        return module if fromlist else sys.modules[f"{prefix}.{top}"]

    return project_import
