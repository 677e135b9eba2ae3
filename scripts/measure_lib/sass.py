"""Machine code as `cuobjdump -sass` lists it: instructions, loops, and how many instructions a round through a loop takes."""

import re
from collections import Counter
from dataclasses import dataclass

FUNCTION = re.compile(r"^\s*Function : (\S+)")
INSTRUCTION = re.compile(r"^\s*/\*([0-9a-f]{4,})\*/\s+(?:(@!?U?P[0-9T]+)\s+)?([A-Z][A-Z0-9_.]*)\s*([^;]*);")
VECTOR_LOAD = re.compile(r"^LDG\.(?:\w+\.)*128")

# Which unit of a multiprocessor of capability 9.0 takes an instruction, by its first word. Results a clock: CUDA C++ Programming Guide, table
# of arithmetic throughput: 128 float additions and multiplications, 64 integer ones, comparisons, shifts and conversions, 16 of the
# special functions and of conversions to and from double, 64 doubles.
PIPES = {
    "fma": "FADD FMUL FFMA FSWZADD",
    "imad": "IMAD HFMA2 HADD2 HMUL2 IDP",
    "alu": "FSETP FSET FMNMX FSEL SEL FCHK ISETP IADD3 IADD LOP3 LEA SHF SHL SHR PRMT MOV PLOP3 P2R R2P IMNMX VIADD VIMNMX IABS SGXT BMSK VOTE "
           "F2FP I2FP CS2R",
    "xu": "MUFU F2F F2I I2F FRND POPC FLO BREV",
    "double": "DADD DMUL DFMA DSETP DMNMX",
    "memory": "LDG STG LDS STS LD ST LDC LDL STL ATOM ATOMG ATOMS RED SHFL MEMBAR ERRBAR CCTL MATCH",
    "control": "BRA BRX JMP CALL RET EXIT BSSY BSYNC BREAK WARPSYNC BAR NOP YIELD NANOSLEEP DEPBAR S2R ELECT",
}
PIPE_OF = {word: pipe for pipe, words in PIPES.items() for word in words.split()}
FIX_UP = 8  # instructions
LANES = {"issue": 128, "fma": 128, "imad": 64, "alu": 64, "xu": 16, "double": 64}  # a clock and multiprocessor


@dataclass(frozen=True)
class Instruction:
    address: int
    guard: str      # "@P0", "@!P1" or ""
    opcode: str     # "LDG.E.EF.128"
    operands: str

    @property
    def pipe(self):
        word = self.opcode.split(".")[0]
        if word.startswith("U") or word in ("R2UR", "S2UR"):
            return "uniform"
        return PIPE_OF.get(word, "unknown")

    @property
    def conditional(self):
        return bool(self.guard) or re.match(r"!?U?P\d", self.operands) is not None

    @property
    def target(self):
        """The address that a branch names, or None."""
        found = re.search(r"0x([0-9a-f]+)\s*$", self.operands) if self.opcode.split(".")[0] in ("BRA", "JMP") else None
        return int(found[1], 16) if found else None


def functions(listing):
    """{mangled name: its instructions} of a listing."""
    found, current = {}, None
    for line in listing.split("\n"):
        name = FUNCTION.match(line)
        if name:
            current = found.setdefault(name[1], [])
            continue
        match = INSTRUCTION.match(line)
        if match and current is not None:
            current.append(Instruction(int(match[1], 16), match[2] or "", match[3], match[4].strip()))
    return found


@dataclass(frozen=True)
class Loop:
    """From `first` to the branch back at `last`, as indices."""
    code: list
    first: int
    last: int

    @property
    def body(self):
        return self.code[self.first:self.last + 1]

    @property
    def vector_loads(self):
        return sum(bool(VECTOR_LOAD.match(instruction.opcode)) for instruction in self.body)

    def jumped_over(self):
        """Runs of instructions that a conditional branch of the loop jumps over, as (begin, end) indices."""
        for index in range(self.first, self.last):
            instruction = self.code[index]
            if instruction.target is None or ".DIV" in instruction.opcode or not instruction.conditional:
                continue
            end = self.index_of(instruction.target)
            if end is not None and index < end <= self.last:
                yield index + 1, end

    def usual(self):
        """What a warp runs of a round when no value is special. Left out is what a branch jumps over if it calls a subroutine (the slow path
        of a division), has no more than FIX_UP instructions (what a logarithm does about infinity), or stores a second result. All
        other sides of a branch count, because some lane of 32 takes them."""
        left_out = set()
        for begin, end in self.jumped_over():
            run = self.code[begin:end]
            if len(run) <= FIX_UP or any(i.opcode.startswith("CALL") for i in run) or self.stores_again(begin, run):
                left_out.update(range(begin, end))
        return [self.code[index] for index in range(self.first, self.last + 1) if index not in left_out]

    def stores_again(self, begin, run):
        return (any(i.opcode.startswith("STG") for i in run) and
                any(i.opcode.startswith("STG") for i in self.code[self.first:begin]))

    def index_of(self, address):
        at = (address - self.code[0].address) // 16
        return at if 0 <= at < len(self.code) and self.code[at].address == address else None


def vector_loop(code):
    """The loop with the most 16-byte loads; of equals the shortest. None where no loop has any."""
    index_of = {instruction.address: index for index, instruction in enumerate(code)}
    loops = [Loop(code, index_of[instruction.target], index) for index, instruction in enumerate(code)
             if instruction.target is not None and instruction.target < instruction.address and instruction.target in index_of]
    loops = [loop for loop in loops if loop.vector_loads]
    return max(loops, key=lambda loop: (loop.vector_loads, loop.first - loop.last), default=None)


def by_pipe(instructions):
    return Counter(instruction.pipe for instruction in instructions)


def clocks(counts):
    """Clocks that a multiprocessor needs for these instructions of one warp, by what limits it: {"issue": …, "alu": …}."""
    lanes = {**counts, "issue": sum(counts.values()), "fma": counts.get("fma", 0) + counts.get("imad", 0)}
    return {limit: 32 * lanes.get(limit, 0) / width for limit, width in LANES.items()}
