"""What was parsed is kept for the next question: only when it is whole, within bounds, and for as long as it is true."""

from __future__ import annotations

import gzip
import json
import multiprocessing
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from rejectkit.errors import ArgumentError
from rejectkit.records import LogFormat
from rejectkit.sources.base import Watch
from rejectkit.sources.files.cache import Cache, clear, default_folder
from rejectkit.sources.files.layouts import find_files
from rejectkit.sources.files.source import FileSource

LINE = "2 123456789010 eni-1235b8ca123456789 172.31.9.69 172.31.9.12 49761 {port} 6 20 4249 1418530010 1418530070 REJECT OK"
COUNT = "stats count(*) as n"


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """Two folders of one file each, so two packs; one line does not fit."""
    for name, more in (("a/x.log.gz", "odd\n"), ("b/y.log.gz", "")):
        write(tmp_path / "logs" / name, 300, more)
    return tmp_path / "logs"


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    """An empty cache."""
    return Cache(tmp_path / "cache")


def write(path: Path, lines: int, more: str = "") -> None:
    """Write a delivery of so many records."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = LogFormat.default().header + "\n" + "".join(LINE.format(port=port) + "\n" for port in range(lines)) + more
    path.write_bytes(gzip.compress(text.encode()))


def kept(cache: Cache) -> list[Path]:
    """Return the Parquet files of a cache."""
    return sorted((cache.folder / "packs").glob("*/0.parquet"))


def count(path: Path, cache: Cache | bool) -> int:
    """Ask a new source how many records there are."""
    return int(FileSource(path, cache=cache).run(COUNT)["n"][0])


def test_second_question_keeps_and_the_third_reads_what_is_kept(logs: Path, cache: Cache) -> None:
    """The third one answers from the kept files alone: it does not look into the logs."""
    assert (count(logs, cache), kept(cache)) == (600, [])
    assert (count(logs, cache), len(kept(cache))) == (600, 2)
    for path in logs.rglob("*.gz"):
        status = path.stat()
        path.write_bytes(b"\0" * status.st_size)
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert count(logs, cache) == 600
    assert FileSource(logs, cache=cache).skipped["line"].tolist() == [302]


def test_one_source_keeps_at_its_own_second_question(logs: Path, cache: Cache) -> None:
    """Different questions count alike."""
    source = FileSource(logs, cache=cache)
    source.run(COUNT)
    source.run("stats max(dstPort) by action")
    assert len(kept(cache)) == 2


def test_changed_file_is_read_again_and_only_its_pack(logs: Path, cache: Cache) -> None:
    """A file is known by path, size, time of change and number on disk."""
    source = FileSource(logs, cache=cache)
    for _ in range(2):
        source.run(COUNT)
    before = set(kept(cache))
    write(logs / "b/y.log.gz", 301)
    assert [source.run(COUNT)["n"][0] for _ in range(3)] == [601] * 3
    assert len(before & set(kept(cache))) == 2
    assert len(kept(cache)) == 3


def test_file_written_over_with_as_many_bytes_is_another(tmp_path: Path, cache: Cache) -> None:
    """Its time of change tells."""
    path = tmp_path / "a.log"
    path.write_text(LogFormat.default().header + "\n" + LINE.format(port=22) + "\n")
    source = FileSource(path, cache=cache)
    for _ in range(3):
        source.run(COUNT)
    with path.open("r+") as handle:
        handle.write(path.read_text().replace(" 22 ", " 23 "))
    assert [source.run("fields dstPort")["dstPort"].tolist() for _ in range(3)] == [[23]] * 3


def test_format_given_is_part_of_what_is_kept(tmp_path: Path, cache: Cache) -> None:
    """The same file under another format is another thing."""
    path = tmp_path / "a.log"
    path.write_text("10.0.0.1 10.0.0.2\n")
    for _ in range(3):
        for fmt in ("${srcaddr} ${dstaddr}", "${dstaddr} ${srcaddr}"):
            first = fmt.split("{")[1].split("}")[0]
            answer = FileSource(path, fmt, cache=cache).run("fields srcAddr")
            assert answer["srcAddr"][0] == ("10.0.0.1" if first == "srcaddr" else "10.0.0.2")


def test_damaged_entry_is_noticed_and_made_anew(logs: Path, cache: Cache) -> None:
    """One bit is enough; a missing piece too, and a manifest that is not one."""
    for _ in range(2):
        count(logs, cache)
    for damage in (flip_a_bit, Path.unlink, spoil_manifest):
        damage(kept(cache)[0])
        assert [pack.entry is None for pack in FileSource(logs, cache=cache)._holdings.packs()].count(True) == 1
        assert count(logs, cache) == 600
        assert count(logs, cache) == 600
        assert len(kept(cache)) == 2


def flip_a_bit(path: Path) -> None:
    """Change one bit in the middle."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.unlink()
    path.write_bytes(data)


def spoil_manifest(path: Path) -> None:
    """Take the contents out of the entry's manifest."""
    (path.parent / "manifest.json").write_text(json.dumps({"files": {}}))


def test_entry_removed_while_a_query_holds_it(logs: Path, cache: Cache) -> None:
    """The query's own links stay."""
    for _ in range(2):
        count(logs, cache)
    source = FileSource(logs, cache=cache)
    entries = [pack.entry for pack in source._holdings.packs() if pack.entry]
    with cache.held(entries) as held:
        assert clear(cache.folder) > 0
        assert held is not None
        assert [path.exists() for path in held.values()] == [True] * 3
    assert kept(cache) == []
    assert not list((cache.folder / "work").iterdir())
    assert count(logs, cache) == 600


def test_entry_removed_before_a_query_gets_hold_of_it(logs: Path, cache: Cache) -> None:
    """Then there are no paths, and the query reads the files themselves."""
    for _ in range(2):
        count(logs, cache)
    entries = [pack.entry for pack in FileSource(logs, cache=cache)._holdings.packs() if pack.entry]
    cache.clear()
    with cache.held(entries) as held:
        assert held is None


def test_bound_lets_go_what_was_used_longest_ago(tmp_path: Path) -> None:
    """Using an entry makes it young."""
    for name in "abc":
        write(tmp_path / name / "x.log.gz", 2000)
    big = Cache(tmp_path / "cache")
    for name in "abc":
        for _ in range(2):
            count(tmp_path / name, big)
    sizes = big.size()
    for age, name in enumerate("abc"):
        key = big.key(find_files(tmp_path / name), None)
        os.utime(big.folder / "packs" / key / "manifest.json", (age, age))
    count(tmp_path / "a", big)
    small = Cache(big.folder, limit_bytes=sizes * 2 // 3 + 1000)
    small.trim()
    held = {name: FileSource(tmp_path / name, cache=small)._holdings.packs()[0].entry is not None for name in "abc"}
    assert held == {"a": True, "b": False, "c": True}


def test_source_bigger_than_the_bound_is_answered_and_not_kept(logs: Path, tmp_path: Path) -> None:
    """As often as it is asked."""
    small = Cache(tmp_path / "cache", limit_bytes=1000)
    words: set[str] = set()
    for _ in range(3):
        watch = Watch(lambda _, what: words.add(what))
        assert FileSource(logs, cache=small).run(COUNT, watch=watch)["n"][0] == 600
    assert kept(small) == []
    assert words == {"reading", "done"}


@pytest.mark.parametrize("place", ["a file", "/proc/rejectkit"])
def test_folder_that_cannot_be_written_is_no_error(logs: Path, tmp_path: Path, place: str) -> None:
    """Questions are answered as if nothing had been asked before."""
    (tmp_path / "a file").write_text("in the way")
    blocked = Cache(tmp_path / place / "cache")
    source = FileSource(logs, cache=blocked)
    assert [source.run(COUNT)["n"][0] for _ in range(3)] == [600] * 3
    assert FileSource(logs, cache=blocked).skipped["line"].tolist() == [302]


def test_no_cache_at_all(logs: Path, cache: Cache) -> None:
    """cache=False keeps nothing anywhere."""
    assert [count(logs, False) for _ in range(3)] == [600] * 3
    assert kept(cache) == []


def test_variable_names_the_folder() -> None:
    """REJECTKIT_CACHE overrides the user's cache folder."""
    before = os.environ.get("REJECTKIT_CACHE")
    try:
        os.environ["REJECTKIT_CACHE"] = "/somewhere/else"
        assert default_folder() == Path("/somewhere/else")
        os.environ["REJECTKIT_CACHE"] = ""
        assert default_folder().name == "rejectkit"
    finally:
        os.environ.pop("REJECTKIT_CACHE")
        if before is not None:
            os.environ["REJECTKIT_CACHE"] = before


def test_clear_removes_all_and_says_how_much(logs: Path, cache: Cache) -> None:
    """One call; the next question starts from nothing."""
    for _ in range(2):
        count(logs, cache)
    size = cache.size()
    assert size > 0
    assert clear(cache.folder) == size
    assert (cache.size(), kept(cache)) == (0, [])
    assert clear(cache.folder) == 0


@pytest.mark.parametrize("limit", [-1, 1.5, "4G"])
def test_bound_is_a_number_of_bytes(limit: object) -> None:
    """Anything else is refused, with an example."""
    with pytest.raises(ArgumentError, match="give a number of bytes, for example 4294967296"):
        Cache(limit_bytes=limit)  # type: ignore[arg-type]  # the case


def ask(path: str, folder: str, answers: multiprocessing.Queue[int]) -> None:
    """Ask from another process."""
    for _ in range(5):
        answers.put(count(Path(path), Cache(folder, limit_bytes=100_000)))


def test_two_processes_share_a_folder(logs: Path, tmp_path: Path) -> None:
    """They keep, use and let go the same entries at once, and both answer right."""
    context = multiprocessing.get_context("spawn")
    answers: multiprocessing.Queue[int] = context.Queue()
    arguments = (str(logs), str(tmp_path / "cache"), answers)
    processes = [context.Process(target=ask, args=arguments) for _ in range(2)]
    for process in processes:
        process.start()
    assert list(take(answers, 10)) == [600] * 10
    for process in processes:
        process.join(30)
        assert process.exitcode == 0
    assert not list((tmp_path / "cache" / "work").iterdir())


def take(answers: multiprocessing.Queue[int], number: int) -> Iterator[int]:
    """Yield what other processes say."""
    for _ in range(number):
        yield answers.get(timeout=60)
