"""What a kernel may not do: whatever would escape the emulator's eye or its counters."""

import re

from .source import blank, device_functions, line_of, split_parameters

ASSEMBLY = r"\b(asm|__asm__|__asm)\b"
MEASURES_THE_HOST = "bench/device_host.cpp"  # its clock counts multiplications, which must stay in registers

# In all of our C++ outside simt/.
EVERYWHERE = {
    r"<<<": "start kernels with simt::launch",
    r"\b__activemask\b": "__activemask depends on how the hardware happens to schedule: pass the mask",
    ASSEMBLY: "inline assembly belongs in simt/",
    r"\b__ldg\b": "read global memory with simt::load",
}

# In kernels/, on the host side too.
IN_KERNELS = {
    r"\b__shared__\b": "declare shared memory with SIMT_SHARED",
    r"\bcuda(Malloc|Free|Memcpy|Memset|Launch|Stream|Event|Device)\w*": "kernels neither allocate nor talk to the CUDA runtime: use simt/",
    r"\bconst_cast\b": "a const handle stays const",
    r"\b__nv\w+|\b__cv?ta_\w+|\b__isGlobal\b": "compiler internals are not modelled by the emulator",
    r"\b__ld(cg|ca|cs|lu|cv)\b|\b__st(wb|cg|cs|wt)\b": "name the cache hint in simt::load or simt::store",
    r"\b(new|malloc|free|delete)\b(?!\s*;)": "kernels allocate nothing",
}

# In functions that run on the device.
IN_DEVICE_CODE = {
    r"\breinterpret_cast\b|\bstatic_cast\s*<[^<>]*\*\s*>": "a cast to a pointer escapes the counters",
    r"(?:\.|->)\s*data\b|\bas\s*<": "device code reaches global memory through Global handles, not through descriptors",
}

# Anywhere in kernels/ but in parameter lists: a member or variable that points to elements.
ELEMENT_POINTER = re.compile(
    r"(?<![\w.>])(?:const\s+)?(?:float|double|int|unsigned|long|T|Real|Label|(?:std::)?u?int\d+_t|(?:simt::)?(?:half|bfloat16))"
    r"\s*(?:const\s*)?\*\s*(?:const\s+|__restrict__\s+)*(?!shared)[A-Za-z_]\w*\s*[=;{]")



def forbidden_words(path, text):
    if path.startswith("simt/"):
        return
    rules = dict(EVERYWHERE)
    if path == MEASURES_THE_HOST:
        del rules[ASSEMBLY]
    if path.startswith("kernels/"):
        rules.update(IN_KERNELS)
    clean = blank(text)
    for pattern, message in rules.items():
        for match in re.finditer(pattern, clean):
            yield line_of(clean, match.start()), f"`{match[0].strip()}`: {message}"


def raw_global_access(path, text):
    """Kernels take no pointers; device functions only pointers to shared memory, which are named `shared…`."""
    if not path.startswith("kernels/"):
        return
    clean = blank(text)
    for match in ELEMENT_POINTER.finditer(clean):
        yield line_of(clean, match.start()), f"`{match[0]}`: a pointer to elements; use a Global handle (or shared memory, named `shared…`)"
    for function in device_functions(clean):
        for offset, parameter in split_parameters(function.parameters):
            if "*" not in parameter.split("=")[0]:
                continue
            name = re.search(r"(\w+)\s*(?:=.*)?$", parameter.strip(), re.S)
            named_shared = name is not None and name[1].startswith("shared")
            if function.word == "__global__" or not named_shared:
                at = function.parameters_at + offset + len(parameter) - len(parameter.lstrip())
                yield line_of(clean, at), f"`{parameter.strip()}`: a raw pointer; take a simt::Global (or shared memory, named `shared…`)"
        for pattern, message in IN_DEVICE_CODE.items():
            for match in re.finditer(pattern, function.body):
                yield line_of(clean, function.body_at + match.start()), f"`{match[0].strip()}`: {message}"
