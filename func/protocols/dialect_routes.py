"""The routes of the dialects, and the modules that parse their requests.

A module is imported by its first request: most callers speak one dialect.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from importlib import import_module
from typing import Any, NamedTuple

from func.settings import MODEL_NAME


class DialectRoute(NamedTuple):
    """The parser of the requests to a path.

    Attributes:
        route: the path as logs and metrics record it.
        module: in ``func.protocols.dialects``.
        function: of the module.
        model: the name of the model in the path; "" for none.
        method: the only allowed one; "" if it is checked already.
    """

    route: str
    module: str
    function: str = "parse"
    model: str = ""
    method: str = ""


DIALECTS: Mapping[tuple[str, str], DialectRoute] = {
    (method, route): DialectRoute(route, *parser)
    for method, route, *parser in (
        ("GET", "/v1/models", "model_list"),
        ("POST", "/v1/systemone", "system_one"),
        ("POST", "/v1/decisions", "decisions"),
        ("POST", "/classify", "vllm"),
        ("GET", f"/v1/models/{MODEL_NAME}", "kserve_v1", "describe"),
        ("POST", f"/v1/models/{MODEL_NAME}:predict", "kserve_v1"),
    )
}
# Gateways append the path of the request that they ask about, and keep its method.
GATEWAY = DialectRoute("/gateway/ext-authz", "gateway")
# KServe's version 1 with the name of a published model.
KSERVE = re.compile(r"/v1/models/([^/:]+)(:predict)?")
KSERVE_FUNCTIONS = {None: ("describe", "GET"), ":predict": ("parse", "POST")}


@functools.cache
def load_dialect(module: str) -> Any:
    """Return a module of ``func.protocols.dialects``."""
    return import_module(f"func.protocols.dialects.{module}")


def find_dialect(path: str, *, has_named_models: bool) -> DialectRoute | None:
    """Return the dialect of a path that varies; None if it is in none of them."""
    if path.startswith(GATEWAY.route) and path[len(GATEWAY.route) :][:1] in ("", "/"):
        return GATEWAY  # the path may be anything, and is not recorded
    if has_named_models and (found := KSERVE.fullmatch(path)):
        name, action = found.groups()
        function, allowed = KSERVE_FUNCTIONS[action]
        route = f"/v1/models/<name>{action or ''}"
        return DialectRoute(route, "kserve_v1", function, name, allowed)
    return None
