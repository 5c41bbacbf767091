"""Where settings come from: expressway.yaml, the environment, the caller. Each source becomes a layer of plain values.

In a settings file every scalar stays the text that was written, so `off`, `NO` and `1e5` mean themselves; only an empty
value and `null` mean "no value".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Self
from urllib.parse import unquote

import yaml

from expressway.errors import InvalidSetting, UnknownSetting
from expressway.settings_values import redact_url

FILE = "expressway.yaml"
PREFIX = "EXPRESSWAY_"
CONFIG = "EXPRESSWAY_CONFIG"
FOR_TESTS = "EXPRESSWAY_TEST_"

OLD_NAMES: Mapping[str, str] = {
    "chunk_size": "block_size",
    "max_null_percentage": "max_null_share",
    "max_workers": "workers",
    "memory_limit_mb": "memory",
    "parallelism": "workers",
}
"""Names of earlier settings files, and the key that means the same today."""

PATHS = ("illness_overrides", "platform_lookup", "report", "samplesheet", "work_folder")
"""Keys that hold a path."""

KeyPath = tuple[str | int, ...]
_VARIABLE = re.compile(r"\$(?:\$|\{(?:(?P<name>[A-Za-z_]\w*)(?P<or>:-(?P<default>[^}]*))?\})?)")


class Expanded(str):
    """Text made of what a source says, for example by filling in `${VAR}`; `written` is what it says."""

    written: str

    def __new__(cls, text: str, written: str) -> Self:
        made = super().__new__(cls, text)
        made.written = written
        return made


@dataclass(frozen=True, slots=True)
class Layer:
    """The values one source gives, under the keys of today, and what the source calls them."""

    values: dict[str, Any] = field(repr=False)
    names: dict[KeyPath, str]


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys that exist: at the top, for a study, and for pairs."""

    top: tuple[str, ...]
    study: tuple[str, ...]
    pairs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Source:
    """How a source is read: which keys exist, how it writes the name of one, and what it is called before that."""

    keys: Keys
    write: Callable[[KeyPath], str]
    place: str = ""
    names: dict[KeyPath, str] = field(default_factory=dict)

    def layer(self, raw: Mapping[str, Any]) -> Layer:
        values = self._section(raw, (), self.keys.top)
        if "defaults" in values:
            values["defaults"] = self._study(values["defaults"], ("defaults",))
        if isinstance(values.get("pairs"), Mapping):
            values["pairs"] = self._section(values["pairs"], ("pairs",), self.keys.pairs)
        if "studies" in values:
            values["studies"] = values["studies"] if values["studies"] is not None else {}
            if isinstance(values["studies"], Mapping):
                found = values["studies"].items()
                values["studies"] = {name: self._study(study, ("studies", name)) for name, study in found}
        return Layer(values, self.names)

    def _study(self, raw: Any, path: KeyPath) -> Any:
        if raw is None:
            return {}
        return self._section(raw, path, self.keys.study) if isinstance(raw, Mapping) else raw

    def _section(self, raw: Mapping[str, Any], path: KeyPath, valid: tuple[str, ...]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in raw.items():
            name = OLD_NAMES.get(key, key) if key not in valid else key
            written = self.names.get((*path, key), self.place + self.write((*path, key)))
            if name not in valid:
                raise self._unknown(key, written, path, valid)
            if name in found:
                both = f"{self.names[*path, name]} and {written} mean the same"
                raise InvalidSetting(both, value=key, hint="Keep one of the two.")
            found[name] = _mebibytes(value) if key == "memory_limit_mb" else value
            self.names[*path, name] = written
        return found

    def _unknown(self, key: str, written: str, path: KeyPath, valid: tuple[str, ...]) -> UnknownSetting:
        here: dict[str, KeyPath] = {name: (*path, name) for name in valid}
        elsewhere = {name: (name,) for name in self.keys.top} if path else {}
        options: dict[str, KeyPath] = {name: ("pairs", name) for name in self.keys.pairs}
        options |= {name: ("defaults", name) for name in self.keys.study} | elsewhere | here
        options |= {old: options[new] for old, new in OLD_NAMES.items() if new in options}
        near = get_close_matches(str(key).lower(), options, n=1)
        guess = f"Did you mean {self.write(options[near[0]])}? " if near else ""
        return UnknownSetting(
            f"{written}: there is no such setting",
            value=redact_url(str(key)),
            hint=f"{guess}Valid keys there: {', '.join(valid)}.",
        )


def given_layer(given: Mapping[str, Any], keys: Keys) -> Layer:
    """The settings that a caller or the command line gives."""
    return _Source(keys, _dotted).layer(given)


def environment_layer(environ: Mapping[str, str], keys: Keys) -> Layer:
    """The settings among the environment variables; `__` leads into a section, an empty variable counts as not set."""
    known = {*keys.top, *keys.study, *keys.pairs}
    source = _Source(keys, lambda path: PREFIX + "__".join(str(p).upper() if p in known else str(p) for p in path))
    raw: dict[str, Any] = {}
    for variable in sorted(environ):
        if variable.startswith(PREFIX) and variable != CONFIG and not variable.startswith(FOR_TESTS):
            path = _path_of(variable)
            for length in range(1, len(path) + 1):
                source.names.setdefault(path[:length], variable)
            _put(raw, path, environ[variable], variable)
    layer = source.layer(raw)
    return Layer(_without_empty(layer.values), layer.names)


def file_layer(file: Path, environ: Mapping[str, str], keys: Keys) -> Layer:
    """The settings of a YAML file, `${VAR}` filled in from `environ`, its relative paths made absolute.

    Raises:
        InvalidSetting: the file cannot be read, is not YAML, repeats a key, or names a variable that is not set.
        UnknownSetting: the file has a key that does not exist.
    """
    source = _Source(keys, _dotted, f"{file}: ")
    layer = source.layer(_read(file, environ))
    folder = file.parent.absolute()
    studies = layer.values.get("studies")
    own = list(studies.values()) if isinstance(studies, dict) else []
    for section in (layer.values, layer.values.get("defaults"), *own):
        if isinstance(section, dict):
            _anchor(section, folder)
    if isinstance(layer.values.get("pairs"), dict):
        _anchor_pairs(layer.values["pairs"], folder)
    return layer


def settings_file(config: Path | None, environ: Mapping[str, str]) -> Path | None:
    """The settings file to read: the one that is named, else expressway.yaml if the working folder has one."""
    if config is not None:
        return Path(config)
    if named := environ.get(CONFIG):
        return Path(named)
    return Path(FILE) if Path(FILE).exists() else None


def merged(weaker: Any, stronger: Any) -> Any:
    """Two values in one: mappings key by key, of anything else the stronger."""
    if not (isinstance(weaker, Mapping) and isinstance(stronger, Mapping)):
        return stronger
    return {**weaker, **{key: merged(weaker.get(key), value) for key, value in stronger.items()}}


def written_as(path: KeyPath, layers: list[Layer]) -> str:
    """What the strongest source that has a key calls it."""
    for length in range(len(path), 0, -1):
        for layer in reversed(layers):
            if name := layer.names.get(path[:length]):
                rest = [str(part) for part in path[length:] if part != "[key]"]
                return ".".join([name, *map(redact_url, rest)])
    return _dotted(path)


def _mebibytes(value: Any) -> Expanded:
    return Expanded(f"{value}MiB", getattr(value, "written", str(value)))


def _dotted(path: KeyPath) -> str:
    return ".".join(redact_url(str(part)) for part in path)


def _path_of(variable: str) -> tuple[str, ...]:
    """The keys a variable leads to: names of settings in any case, accessions and samples as they are."""
    path = variable.removeprefix(PREFIX).split("__")
    path[0] = path[0].lower()
    named = {"defaults": 1, "pairs": 1, "studies": 2}.get(path[0], 0)
    if 0 < named < len(path):
        path[named] = path[named].lower()
    return tuple(path)


def _put(raw: dict[str, Any], path: tuple[str, ...], value: str, variable: str) -> None:
    node: Any = raw
    for part in path[:-1]:
        node = node.setdefault(part, {}) if isinstance(node, dict) else node
    if not isinstance(node, dict) or path[-1] in node:
        raise InvalidSetting(
            f"{variable} and another environment variable set the same thing", value=variable, hint="Unset one of them."
        )
    node[path[-1]] = value


def _without_empty(values: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in values.items() if value != ""}
    return {key: _without_empty(value) if isinstance(value, dict) else value for key, value in kept.items()}


def _anchor(section: dict[str, Any], folder: Path) -> None:
    """Relative paths of a section count from the folder of their file, not from where the program was started."""
    for key in PATHS:
        if isinstance(section.get(key), str):
            section[key] = str(folder / section[key])
    if isinstance(section.get("sources"), list):
        paths = section["sources"]
        section["sources"] = [str(folder / path) if isinstance(path, str) else path for path in paths]
    ruleset, url = section.get("ruleset"), section.get("warehouse")
    if isinstance(ruleset, str) and ruleset.lower().endswith((".yaml", ".yml")):
        section["ruleset"] = str(folder / ruleset)
    if isinstance(url, str) and url.startswith("duckdb:///") and len(url) > len("duckdb:///"):
        path = folder / unquote(url.removeprefix("duckdb:///"))
        section["warehouse"] = "duckdb:///" + str(path).replace("%", "%25")


def _anchor_pairs(section: dict[str, Any], folder: Path) -> None:
    genes, contrasts = section.get("genes"), section.get("contrasts")
    if isinstance(genes, str) and genes.startswith("file:"):
        section["genes"] = f"file:{folder / genes.removeprefix('file:')}"
    if isinstance(contrasts, str) and contrasts.lower().endswith((".yaml", ".yml")):
        section["contrasts"] = str(folder / contrasts)


class _Loader(yaml.SafeLoader):
    """The safe loader without its guesses about scalars, that fills in `${VAR}` and refuses a key given twice."""

    environ: Mapping[str, str]

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node: yaml.MappingNode = super().compose_mapping_node(anchor)
        first: dict[str, int] = {}
        for key, _ in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.MarkedYAMLError(problem="a key must be plain text", problem_mark=key.start_mark)
            if key.value in first:
                problem = f"the key {redact_url(key.value)!r} stands in line {first[key.value]} and again"
                raise yaml.MarkedYAMLError(problem=problem, problem_mark=key.start_mark)
            first[key.value] = line
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        if not isinstance(node, yaml.MappingNode):
            raise yaml.MarkedYAMLError(problem="expected `key: value` pairs", problem_mark=node.start_mark)
        self.flatten_mapping(node)
        return {key.value: self.construct_object(value, deep=deep) for key, value in node.value}

    def construct_text(self, node: yaml.ScalarNode) -> str:
        written = str(self.construct_scalar(node))
        text = _VARIABLE.sub(lambda found: self._filled(found, node), written)
        return text if text == written else Expanded(text, written)

    def _filled(self, found: re.Match[str], node: yaml.ScalarNode) -> str:
        if found[0] == "$$":
            return "$"
        if (name := found["name"]) is None:
            problem = "`${` starts no variable: write ${NAME} or ${NAME:-default}, and $$ for a dollar sign"
        elif found["or"] is not None:
            return self.environ.get(name) or found["default"]
        elif name in self.environ:
            return self.environ[name]
        else:
            problem = f"the environment variable {name} is not set; ${{{name}:-default}} would do without it"
        raise yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark)


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag.endswith((":null", ":merge"))]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.yaml_constructors = {
    tag: construct
    for tag, construct in yaml.SafeLoader.yaml_constructors.items()
    if tag is None or tag.endswith((":null", ":map", ":seq"))
}
_Loader.add_constructor("tag:yaml.org,2002:str", _Loader.construct_text)


def _read(file: Path, environ: Mapping[str, str]) -> dict[str, Any]:
    """The top-level mapping of a settings file; {} for an empty one."""
    try:
        loader = _Loader(file.read_text(encoding="utf-8-sig"))
        loader.environ = environ
        content = loader.get_single_data()
    except OSError as error:
        where = f" in {CONFIG}" if environ.get(CONFIG) == str(file) else ""
        hint = f"Check the path{where}: it must be that of a settings file."
        failure = InvalidSetting(f"{file}: the file cannot be read ({error.strerror})", value=file, hint=hint)
    except UnicodeDecodeError:
        failure = InvalidSetting(f"{file}: the file is not UTF-8 text", value=file, hint="Save it as UTF-8.")
    except RecursionError:
        failure = InvalidSetting(f"{file}: the YAML is nested too deeply", value=file)
    except yaml.YAMLError as error:
        failure = InvalidSetting(f"{file}, {_place(error)}", value=file, hint="Correct the file at that place.")
    else:
        if content is None or isinstance(content, dict):
            return content or {}
        failure = InvalidSetting(f"{file}: expected `key: value` pairs at the top", value=file)
    raise failure


def _place(error: yaml.YAMLError) -> str:
    """`line 3, column 5: what is wrong`, as far as the parser tells."""
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "not YAML"
    return f"line {mark.line + 1}, column {mark.column + 1}: {problem}" if mark else f"not YAML: {problem}"
