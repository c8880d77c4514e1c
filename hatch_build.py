"""Build hook: generates the gRPC stubs of protos/ into gen/, for wheels and editable installs alike."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


def generate(root: Path) -> None:
    """Generates modules and type stubs for every .proto below ``root/protos`` into ``root/gen``.

    Raises RuntimeError when protoc refuses a file; protoc itself prints where and why.
    """
    # Only the build environment has grpc_tools, and hatchling imports this module elsewhere too.
    from importlib.resources import files

    from grpc_tools import protoc

    protos, gen = root / "protos", root / "gen"
    sources = sorted(str(path.relative_to(protos)) for path in protos.rglob("*.proto"))
    shutil.rmtree(gen, ignore_errors=True)
    gen.mkdir()
    plugins = Path(sys.executable).parent
    arguments = [
        "protoc",
        f"--proto_path={protos}",
        f"--proto_path={files('grpc_tools') / '_proto'}",
        f"--python_out={gen}",
        f"--grpc_python_out={gen}",
        f"--plugin=protoc-gen-mypy={plugins / 'protoc-gen-mypy'}",
        f"--plugin=protoc-gen-mypy_grpc={plugins / 'protoc-gen-mypy_grpc'}",
        f"--mypy_out={gen}",
        f"--mypy_grpc_out={gen}",
        *sources,
    ]
    if protoc.main(arguments) != 0:
        msg = f"protoc failed on the files below {protos}"
        raise RuntimeError(msg)
    for package in {path.parent for path in gen.rglob("*_pb2.py")}:
        for directory in (package, *package.relative_to(gen).parents):
            (gen / directory / "__init__.py").touch()
    (gen / "__init__.py").unlink(missing_ok=True)
    (gen / "household" / "py.typed").touch()


class ProtoBuildHook(BuildHookInterface[Any]):
    """Runs :func:`generate` before hatchling collects files."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's signature
        """Generates the stubs; an sdist carries only the sources they come from."""
        if self.target_name == "wheel":
            generate(Path(self.root))


if __name__ == "__main__":
    generate(Path(__file__).parent)
