"""Has numba compile a loop into machine code that needs neither numba nor its run-time library."""

import types
from typing import Any

import numba
from llvmlite import binding
from numba.core import types as numba_types
from numba.core.registry import cpu_target

from aspsfusion.compiled import CompiledLoop, Intrinsic
from aspsfusion.loop_source import used_names
from aspsfusion.machine_code import MachineCode

_OPTIONS: dict[str, Any] = {"nogil": True, "_nrt": False}
"""Without numba's run-time library: no reference counts, and an allocation is an error of the compiler."""

_NO_WRAPPERS: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
"""Without the functions by which Python would call it, which need numba."""

FRONT = "with_packed_arguments"
"""Name of the function that Python calls."""

_made: dict[CompiledLoop | Intrinsic, Any] = {}
"""What numba knows a loop or an intrinsic by: each is translated once in a process."""


def _for_numba(value: Any) -> Any:
    """Return a loop or an intrinsic as numba knows it, and anything else as it is."""
    if not isinstance(value, (CompiledLoop, Intrinsic)):
        return value
    if value not in _made:
        if isinstance(value, CompiledLoop):
            _made[value] = numba.njit(**_OPTIONS)(_with_numba_names(value.function))
        else:
            _made[value] = numba.extending.intrinsic(value.function)
    return _made[value]


def _with_numba_names(function: types.FunctionType) -> Any:
    """Return a copy of a function that finds what numba knows under the names that it looks up."""
    names = dict(function.__globals__)
    names |= {name: _for_numba(value) for name, value in used_names(function).items()}
    copy = types.FunctionType(
        function.__code__,
        names,
        function.__name__,
        function.__defaults__,
    )
    copy.__module__ = function.__module__
    copy.__qualname__ = function.__qualname__
    return copy


def _returns(kind: Any) -> tuple[str, ...] | None:
    """Return names of the result's parts, one for a number, None where there is no result."""
    unliteral: Any = numba_types.unliteral
    parts: Any = getattr(kind, "types", ())
    if isinstance(kind, numba_types.NoneType):
        return None
    if isinstance(kind, numba_types.BaseTuple):
        if len(parts) == 1:
            raise TypeError("compiled loops return a number or a tuple of several, no tuple of one")
        return tuple(str(unliteral(part)) for part in parts)
    return (str(unliteral(kind)),)


def _needs(module: Any) -> tuple[str, ...]:
    """Return the names of the functions and variables that a module takes from outside."""
    declared = [f.name for f in module.functions if f.is_declaration and not f.name.startswith("llvm.")]
    declared += [v.name for v in module.global_variables if v.is_declaration]
    # LLVM makes calls of these from its own words for copying and filling.
    declared += [
        name
        for name in ("memcpy", "memset", "memmove")
        if any(f.name.startswith(f"llvm.{name}.") for f in module.functions)
    ]
    return tuple(sorted(set(declared)))


def _front(name: str, module: Any) -> str:
    """Return a function, as LLVM's text, that takes the arguments of another one from memory.

    Args:
        name: the other one.
        module: holds it.
    """
    kinds = [str(argument.type) for argument in module.get_function(name).arguments]
    places = [f"  %p{i} = getelementptr i64, ptr %arguments, i64 {i}" for i in range(len(kinds) - 2)]
    values = [f"  %v{i} = load {kind}, ptr %p{i}" for i, kind in enumerate(kinds[2:])]
    passed = "".join(f", {kind} %v{i}" for i, kind in enumerate(kinds[2:]))
    return "\n".join(
        [
            f'declare i32 @"{name}"({", ".join(kinds)})',
            f"define i32 @{FRONT}(ptr %result, ptr %raised, ptr %arguments) {{",
            *places,
            *values,
            f'  %status = call i32 @"{name}"(ptr %result, ptr %raised{passed})',
            "  ret i32 %status",
            "}",
        ]
    )


def compile_function(function: types.FunctionType, arguments: tuple[Any, ...]) -> MachineCode:
    """Compile a function for arguments like these.

    Args:
        function: see CompiledLoop.
        arguments: as it is called.

    Raises:
        TypeError: the machine code would need numba at run time.
    """
    signature = tuple(map(numba.typeof, arguments))
    dispatcher: Any = numba.njit(**_OPTIONS, **_NO_WRAPPERS)(_with_numba_names(function))
    dispatcher.compile(signature)
    found = dispatcher.overloads[signature]
    module = binding.parse_assembly(found.library.get_llvm_str())
    front = binding.parse_assembly(_front(found.fndesc.llvm_func_name, module))
    needs = _needs(module)
    ours = [name for name in needs if name.startswith(("numba_", "NRT_", "Py", "_Py"))]
    if ours:
        raise TypeError(f"{function.__qualname__} can not be kept: it needs {', '.join(ours)}")
    module.link_in(front)
    machine = cpu_target.target_context.codegen()._tm
    return MachineCode(machine.emit_object(module), FRONT, _returns(found.signature.return_type), needs)
