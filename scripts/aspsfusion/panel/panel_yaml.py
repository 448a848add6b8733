"""Reads a panel YAML; every mistake in it is one error that names the line or the key.

Only `panel build` and what makes references reads the YAML. All other stages take the panel from panel.json
and start without the YAML library.
"""

from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from aspsfusion.errors import PanelError
from aspsfusion.panel.gene_spec import first_problem
from aspsfusion.panel.spec import PanelSpec


def load_panel_spec(path: Path) -> PanelSpec:
    """Read and validate a panel YAML.

    Raises:
        PanelError: the file cannot be read or is wrong; names line or key.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not a text file"
        raise PanelError(
            f"cannot be read ({reason})", path=path, remedy="give the path of a panel YAML"
        ) from error
    return parse_panel_spec(text, path)


def parse_panel_spec(text: str, path: str | Path) -> PanelSpec:
    """Parse and validate the text of a panel YAML; the path is for messages only.

    Raises:
        PanelError: the text is no YAML or states something impossible; names line or key.
    """
    try:
        data = yaml.load(text, Loader=_UniqueKeyLoader)
    except yaml.MarkedYAMLError as error:
        where = f"line {error.problem_mark.line + 1}" if error.problem_mark else None
        raise PanelError(
            f"not valid YAML: {error.problem or error.context}",
            path=path,
            where=where,
            remedy="correct the line",
        ) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise PanelError(f"not valid YAML: {error}", path=path, remedy="give a panel YAML") from error
    if not isinstance(data, dict):
        raise PanelError("holds no panel", path=path, remedy="give a YAML file with the keys of a panel")
    try:
        return PanelSpec.model_validate(data)
    except ValidationError as error:
        key, message = first_problem(error)
        more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
        raise PanelError(
            f"{message}{more}",
            path=path,
            where=f"key {key}" if key else None,
            remedy="correct the panel YAML",
        ) from error


class _UniqueKeyLoader(yaml.SafeLoader):
    """A YAML loader that refuses a key given twice, of which YAML would keep the last one in silence."""


def _mapping_without_duplicates(loader: _UniqueKeyLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen = set()
    for key_node, _ in node.value:
        problem = None
        if not isinstance(key_node, yaml.ScalarNode):
            problem = "a list or mapping where a key is expected"
        elif (key := loader.construct_object(key_node)) in seen:
            problem = f"key {key!r} is given twice"
        if problem:
            raise yaml.constructor.ConstructorError(None, None, problem, key_node.start_mark)
        seen.add(key)
    loader.flatten_mapping(node)
    return loader.construct_mapping(node, deep=True)


_UniqueKeyLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping_without_duplicates)
