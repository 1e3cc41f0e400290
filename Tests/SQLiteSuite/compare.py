"""What SQLite's test suite did on its own VFS and on the page store, compared. For Scripts/sqlite-suite.

    compare.py select EXCLUDED [QUICK] [NAME ...]   prints the paths of standard input that are to be run
    compare.py judge EXPECTED FOLDER                compares FOLDER/stock with FOLDER/store, and the differences with EXPECTED

A difference is a test that fails on the page store and not on SQLite's own VFS, or fails there with another result; a test
that the page store's run never came to; a run that broke off elsewhere; a run that ended neither here nor there.

Lines of EXPECTED are: file, pattern of test names, reason. One that no longer occurs is stale, and as bad as a difference that
is not explained. A `~` before the file marks one that comes and goes, which has to be in the reason.
"""

import fnmatch
import os
import re
import sys
from collections import Counter, namedtuple

# Some files print rows of dots to show that they go on, with names after them or not.
TEST = re.compile(r"^\.*([^\s.].*?)\.\.\.( Ok| Omitted)?$")
SUMMARY = re.compile(r"^(\d+) errors out of (\d+) tests")
STATUS = re.compile(r"^exit status (\d+)$")
TIMED_OUT = (124, 137)

# failures: what each failure of a test said, by its name. ended: how the run ended where not by its own last line.
Run = namedtuple("Run", "names failures errors tests ended")
Difference = namedtuple("Difference", "file name stock store")
Expectation = namedtuple("Expectation", "line file pattern comes_and_goes")


def read_run(folder, vfs, file):
    names, failures, errors, tests, status = [], {}, 0, 0, None
    finished, said = False, None
    with open(os.path.join(folder, vfs, f"{file}.log"), encoding="utf-8", errors="replace") as log:
        # The two runs of a file are in two folders.
        for line in log.read().replace(f"/{vfs}/{file}/", f"/run/{file}/").split("\n"):
            if summary := SUMMARY.match(line):
                errors, tests, finished, said = int(summary[1]), int(summary[2]), True, None
            elif ended := STATUS.match(line):
                status = int(ended[1])
            elif not line.startswith("!") and (test := TEST.match(line)):
                names.append(test[1])
                said = None if test[2] else []
                if said is not None:
                    failures.setdefault(test[1], []).append(said)
            elif said is not None and not re.match(r"^! .* expected: ", line):
                said.append(re.sub(r"^! .*? got: +", "", line))
    if not finished:
        last = names[-1] if names else "nothing"
        ended = "(time limit)" if status in TIMED_OUT else f"(stopped after {last})"
        # What follows is Tcl's account of why the file broke off, and no result of the last test, if that has one at all.
        if last in failures:
            failures[last][-1][1:] = []
            if not "".join(failures[last][-1]):
                failures[last].pop()
        errors, tests = sum(map(len, failures.values())), len(names)
    else:
        ended = None
    return Run(names, {name: ["\n".join(s).strip() for s in all] for name, all in failures.items()}, errors, tests, ended)


def without_numbers(name):
    return re.sub(r"\d+", "#", name)


def without_one_number(name):
    for number in re.finditer(r"\d+", name):
        yield name[: number.start()] + "#" + name[number.end() :]


def differences(file, stock, store):
    # Loops over the n-th call of something are longer on the page store, which makes more calls. Rounds that only it has are
    # compared with the other rounds.
    other_rounds = {
        (round, said) for name, all in stock.failures.items() for said in all for round in without_one_number(name)
    }
    ran = set(stock.names)
    for name, failures in store.failures.items():
        new = list((Counter(failures) - Counter(stock.failures.get(name, []))).elements())
        if name not in ran:
            new = [said for said in new if not any((r, said) in other_rounds for r in without_one_number(name))]
        if new:
            yield Difference(file, name, "; ".join(stock.failures.get(name, ["passes" if name in ran else "not run"])), new[0])
    if store.ended and (store.ended != stock.ended or store.ended == "(time limit)"):
        yield Difference(file, store.ended, stock.ended or "goes on", "")
    elif not store.ended:
        # The other way round, a test must be there in some round.
        ran = {without_numbers(name) for name in store.names}
        for name in sorted({without_numbers(name) for name in stock.names} - ran):
            yield Difference(file, f"(not run) {name}", "runs", "")


def words(path):
    with open(path, encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip() and not line.startswith(("#", "=")):
                yield number, line.split()


def select(excluded, *names):
    excluded = [line[0] for _, line in words(excluded)]
    wanted = []
    for name in names:
        wanted += [name] if name.endswith(".test") else [line[0] for _, line in words(name)]
    found = set()
    for path in sys.stdin.read().split():
        file = os.path.basename(path)
        if wanted and not any(fnmatch.fnmatchcase(file, pattern) for pattern in wanted):
            continue
        if file not in names and any(fnmatch.fnmatchcase(file, pattern) for pattern in excluded):
            continue
        found.add(file)
        print(path)
    for name in names:
        if name.endswith(".test") and name not in found:
            sys.exit(f"sqlite-suite: the suite has no {name}")


def judge(expected, folder):
    with open(os.path.join(folder, "files"), encoding="utf-8") as lines:
        files = sorted({os.path.basename(path) for path in lines.read().split()})
    expectations = []
    for number, line in words(expected):
        if len(line) < 3:
            sys.exit(f"{expected}:{number}: file, pattern and reason are needed")
        expectations.append(Expectation(number, line[0].lstrip("~"), line[1], line[0].startswith("~")))
    used, explained, unexplained, total = set(), 0, 0, Counter()
    for file in files:
        stock, store = (read_run(folder, vfs, file) for vfs in ("stock", "store"))
        total += Counter(tests=store.tests, stock=stock.errors, store=store.errors, alike=store.ended is not None)
        mine = [e for e in expectations if e.file == file]
        for found in differences(file, stock, store):
            # Patterns have no blanks: those in the name of a difference are written as dots.
            name = found.name.replace(" ", ".")
            matching = [e for e in mine if fnmatch.fnmatchcase(name, e.pattern)]
            used.update(matching)
            if matching:
                explained += 1
                continue
            unexplained += 1
            print(f"{file}: {found.name}\n    stock: {found.stock[:300]}\n    store: {found.store[:300]}")
    stale = [e for e in expectations if e.file in files and e not in used and not e.comes_and_goes]
    for e in stale:
        print(f"{expected}:{e.line}: stale, no longer a difference: {e.file} {e.pattern}")
    print(f"files                    {len(files)}, of which {total['alike']} broke off")
    print(f"tests                    {total['tests']}")
    print(f"errors, SQLite's VFS     {total['stock']}")
    print(f"errors, page store       {total['store']}")
    print(f"expected differences     {explained}")
    print(f"stale expectations       {len(stale)}")
    print(f"unexplained differences  {unexplained}")
    return 1 if unexplained or stale or not files else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["select"]:
        sys.exit(select(*sys.argv[2:]))
    if sys.argv[1:2] == ["judge"] and len(sys.argv) == 4:
        sys.exit(judge(*sys.argv[2:]))
    sys.exit(__doc__)
