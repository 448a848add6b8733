"""Fetching loci from servers that behave as the sequence services document, and from ones that do not."""

import gzip
import hashlib
import json
import socket
from collections.abc import Callable, Iterable, Iterator
from email.utils import formatdate
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from time import time
from urllib.parse import unquote

import pytest

from aspsfusion.cli import main
from aspsfusion.errors import ParameterError, ServiceError
from aspsfusion.panel.build import build_panel
from aspsfusion.panel.fetch import fetch_loci, loci_of
from aspsfusion.panel.genome import Region
from aspsfusion.panel.panel_yaml import load_panel_spec
from aspsfusion.panel.sequence_service import ATTEMPTS, SequenceService, parse_source
from small_panel import SmallPanel

Answer = Callable[[str], tuple[int, dict[str, str], bytes | Iterable[bytes]]]


class Server:
    """A sequence service on this machine.

    Attributes:
        chromosomes: what it serves.
        url: its address.
        paths: what it was asked for.
        faults: answers to give first, one for each request, instead of the right one.
        sent: bytes of answers whose length nobody knows before.
        stopping: set when the server is to end.
    """

    def __init__(self, chromosomes: dict[str, str]) -> None:
        self.chromosomes = chromosomes
        self.paths: list[str] = []
        self.faults: list[Answer] = []
        self.sent = 0
        self.stopping = Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.paths.append(self.path)
                answer = outer.faults.pop(0) if outer.faults else outer.right
                status, headers, body = answer(self.path)
                self.send_response(status)
                length = {"Content-Length": str(len(body))} if isinstance(body, bytes) else {}
                for name, value in (length | headers).items():
                    self.send_header(name, value)
                self.end_headers()
                if isinstance(body, bytes):
                    self.wfile.write(body)
                else:
                    self.send_pieces(body)

            def send_pieces(self, pieces: Iterable[bytes]) -> None:
                try:
                    for piece in pieces:
                        self.wfile.write(piece)
                        outer.sent += len(piece)
                except OSError:
                    return  # the other side has had enough

            def log_message(self, format: str, *args: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def right(self, path: str) -> tuple[int, dict[str, str], bytes]:
        """Answer as the documentation of the two services says."""
        path = unquote(path)
        if path.startswith("/getData/sequence?"):
            asked = dict(part.split("=") for part in path.split("?")[1].split(";"))
            start, end = int(asked["start"]), int(asked["end"])
            data = {"downloadTime": "now", **asked, "dna": self.chromosomes[asked["chrom"]][start:end]}
            return 200, {"Content-Type": "application/json"}, json.dumps(data).encode()
        place, options = path.removeprefix("/sequence/region/human/").split("?")
        assert options == "content-type=text/plain;mask=soft;coord_system_version=GRCh38"
        chrom, span, strand = place.split(":")
        first, last = map(int, span.split(".."))
        assert strand == "1"
        bases = self.chromosomes[f"chr{chrom}"][first - 1 : last]
        return 200, {"Content-Type": "text/plain"}, bases.encode()

    def silent(self, path: str) -> tuple[int, dict[str, str], bytes]:
        """Say nothing until the end of the test."""
        self.stopping.wait()
        return 500, {}, b""

    def dripping(self, path: str) -> tuple[int, dict[str, str], Iterator[bytes]]:
        """Begin to answer, and say nothing more until the end of the test."""

        def pieces() -> Iterator[bytes]:
            yield b"{"
            self.stopping.wait()

        return 200, {}, pieces()


@pytest.fixture
def small(tmp_path: Path) -> SmallPanel:
    made = SmallPanel.in_directory(tmp_path)
    made.write()
    return made


@pytest.fixture
def server(small: SmallPanel) -> Iterator[Server]:
    made = Server(small.chromosomes)
    yield made
    made.stop()


@pytest.fixture
def waits() -> list[float]:
    return []


def service_of(server: Server, waits: list[float], form: str = "ucsc") -> SequenceService:
    return SequenceService(f"{form}={server.url}", "GRCh38", interval=0.0, sleep=waits.append)


REGION = Region("chrX", 100, 480)


@pytest.mark.parametrize("form", ["ucsc", "ensembl"])
def test_gives_the_bases_of_the_region(small: SmallPanel, server: Server, form: str) -> None:
    assert service_of(server, [], form).fetch(REGION) == small.chromosomes["chrX"][100:480]
    assert server.paths == [
        "/getData/sequence?genome=hg38;chrom=chrX;start=100;end=480"
        if form == "ucsc"
        else "/sequence/region/human/X:101..480:1"
        "?content-type=text/plain;mask=soft;coord_system_version=GRCh38"
    ]


def fault(status: int, body: str | bytes = "", **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda path: (status, named, body if isinstance(body, bytes) else body.encode())


def dna(bases: str) -> Answer:
    return fault(200, json.dumps({"dna": bases}))


PASSING: dict[str, tuple[Answer, str]] = {
    "busy": (fault(429), "answers 429 Too Many Requests"),
    "down": (fault(503), "answers 503 Service Unavailable"),
    "broken off": (fault(200, '{"dna": "AC', Content_Length="5000"), "broke off (IncompleteRead)"),
    "no answer": (fault(200, "", Content_Length="0"), "answers without sequence: ''"),
    "short": (dna("ACGT"), "gave 4 bases of 380"),
    "long": (dna("ACGT" * 100), "gave 400 bases of 380"),
    "page": (fault(200, "<html>Please\nlog in</html>"), "without sequence: '<html>Please log in</html>'"),
    "other JSON": (fault(200, '{"error": "none"}'), 'without sequence: \'{"error": "none"}\''),
    "no bases": (dna("x" * 380), "answers without sequence: 'xxx"),
    "nested": (fault(200, "[" * 90_000), "answers without sequence: '[[["),
    "packed": (fault(200, gzip.compress(b"A" * 380), Content_Encoding="gzip"), "answers without sequence: '"),
}


@pytest.mark.parametrize("name", PASSING)
def test_a_passing_fault_is_waited_out(
    small: SmallPanel, server: Server, waits: list[float], name: str
) -> None:
    server.faults = [PASSING[name][0]] * 2
    assert service_of(server, waits).fetch(REGION) == small.chromosomes["chrX"][100:480]
    assert waits == [1.0, 2.0]


@pytest.mark.parametrize("name", PASSING)
def test_a_lasting_fault_is_named(server: Server, waits: list[float], name: str) -> None:
    server.faults = [PASSING[name][0]] * ATTEMPTS
    with pytest.raises(ServiceError) as caught:
        service_of(server, waits).fetch(REGION)
    assert PASSING[name][1] in str(caught.value)
    assert server.url in str(caught.value)
    assert "(6 attempts)" in str(caught.value)
    assert waits == [1.0, 2.0, 4.0, 8.0, 16.0]


def test_an_endless_answer_ends(server: Server, waits: list[float]) -> None:
    megabytes = 64
    server.faults = [lambda path: (200, {}, (b"A" * 2**20 for _ in range(megabytes)))]
    with pytest.raises(ServiceError, match=r"gives more than the 100,380 bytes .*; check the source"):
        service_of(server, waits).fetch(REGION)
    assert server.sent < megabytes / 2 * 2**20
    assert waits == []


def test_a_panel_that_is_denied_long_is_given_up(server: Server, waits: list[float]) -> None:
    service = service_of(server, waits)
    service.clock, service.time_limit = lambda: sum(waits), 300.0
    server.faults = [fault(503, Retry_After="200")] * ATTEMPTS
    with pytest.raises(ServiceError, match="has not given everything in 5 minutes; run it again"):
        service.fetch(REGION)
    assert waits == [200.0]


@pytest.mark.parametrize("manner", ["silent", "dripping"])
def test_an_answer_that_never_comes_is_not_waited_for(
    server: Server, waits: list[float], manner: str
) -> None:
    server.faults = [getattr(server, manner)] * ATTEMPTS
    service = service_of(server, waits)
    service.timeout = 0.0
    with pytest.raises(ServiceError, match=r"gives no whole answer in 0 seconds \(6 attempts\)"):
        service.fetch(REGION)


def test_no_redirection_is_followed(server: Server, waits: list[float]) -> None:
    server.faults = [fault(302, Location=f"{server.url}/getData/sequence?other")]
    with pytest.raises(ServiceError, match="answers 302 Found"):
        service_of(server, waits).fetch(REGION)
    assert len(server.paths) == 1


@pytest.mark.parametrize("form", ["ucsc", "ensembl"])
def test_runs_of_n_are_sequence(server: Server, form: str) -> None:
    server.chromosomes = {"chrX": "N" * 2000}
    assert service_of(server, [], form).fetch(REGION) == "N" * 380


def test_an_error_page_is_no_ensembl_sequence(server: Server, waits: list[float]) -> None:
    server.faults = [fault(200, "<html>gateway</html>")] * ATTEMPTS
    with pytest.raises(ServiceError, match="without sequence: '<html>gateway</html>'"):
        service_of(server, waits, "ensembl").fetch(REGION)


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(("value", "low", "high"), [("7", 7, 7), ("40.5", 40.5, 40.5), ("date", 20, 31)])
def test_the_wait_that_the_service_asks_for_is_kept(
    server: Server, waits: list[float], status: int, value: str, low: float, high: float
) -> None:
    value = formatdate(time() + 30, usegmt=True) if value == "date" else value
    server.faults = [fault(status, Retry_After=value)]
    service_of(server, waits).fetch(REGION)
    (waited,) = waits
    assert low <= waited <= high


def test_too_long_a_wait_is_left_to_the_user(server: Server, waits: list[float]) -> None:
    server.faults = [fault(429, Retry_After="3600")]
    with pytest.raises(ServiceError, match="asks to wait 3600 seconds; run it again later"):
        service_of(server, waits).fetch(REGION)
    assert waits == []


@pytest.mark.parametrize("status", [400, 404])
def test_a_refusal_is_final(server: Server, waits: list[float], status: int) -> None:
    server.faults = [fault(status, '{"error": "can not find chrom"}')]
    with pytest.raises(ServiceError, match=f"answers {status} .*can not find chrom"):
        service_of(server, waits).fetch(REGION)
    assert waits == []


def test_requests_keep_their_distance(server: Server) -> None:
    waits: list[float] = []
    service = SequenceService(f"ucsc={server.url}", "GRCh38", interval=1000.0, sleep=waits.append)
    service.fetch(REGION)
    assert waits == []
    service.fetch(REGION)
    assert len(waits) == 1
    assert 900 < waits[0] <= 1000


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_offline_says_what_to_do(waits: list[float]) -> None:
    service = SequenceService(f"ucsc=http://127.0.0.1:{closed_port()}", "GRCh38", 0.0, waits.append)
    with pytest.raises(ServiceError) as caught:
        service.fetch(REGION)
    assert "cannot be reached" in str(caught.value)
    assert caught.value.remedy is not None
    assert "HTTPS_PROXY" in caught.value.remedy
    assert len(waits) == ATTEMPTS - 1


@pytest.mark.parametrize("source", ["", "ncbi", "http://mirror", "ucsc=mirror", "ucsc=ftp://mirror", "ucsc="])
def test_no_source(source: str) -> None:
    with pytest.raises(ServiceError, match="is not a source of sequence"):
        parse_source(source)


# ---- loci of a panel


def test_loci_cover_every_gene_and_overlapping_ones_are_one(small: SmallPanel) -> None:
    spec = load_panel_spec(small.yaml_path)
    assert [locus.name for locus in loci_of(spec)] == ["chr2:101-500", "chr2:901-1830", "chrX:101-480"]
    small.transcript(2)["exons"] = [[480, 600]]
    small.write()
    assert [locus.name for locus in loci_of(load_panel_spec(small.yaml_path))] == [
        "chr2:101-600",
        "chrX:101-480",
    ]


@pytest.mark.parametrize("form", ["ucsc", "ensembl"])
def test_the_loci_give_the_panel_that_the_genome_gives(
    small: SmallPanel, server: Server, tmp_path: Path, form: str
) -> None:
    output = tmp_path / "loci.fa.gz"
    fetched = fetch_loci(
        small.yaml_path, None, output, f"{form}={server.url}", service=service_of(server, [], form)
    )
    assert (fetched.loci, fetched.asked) == (3, 3)
    from_loci = build_panel(small.yaml_path, output, None, tmp_path / "from_loci")
    from_genome = build_panel(small.yaml_path, small.genome_path, None, tmp_path / "from_genome")
    assert from_loci.transcripts == from_genome.transcripts
    assert from_loci.provenance["reference_kind"] == "loci"
    assert from_loci.provenance["whole_genome_specificity"] is False


def test_an_interrupted_run_goes_on_where_it_stopped(
    small: SmallPanel, server: Server, tmp_path: Path, waits: list[float]
) -> None:
    output, source = tmp_path / "loci.fa.gz", f"ucsc={server.url}"
    service = service_of(server, waits)
    service.fetch(REGION)
    server.faults = [server.right, fault(400)]
    with pytest.raises(ServiceError):
        fetch_loci(small.yaml_path, None, output, source, service=service)
    assert not output.exists()
    (part,) = (tmp_path / "loci.fa.gz.parts").iterdir()
    assert part.name == "chr2_101_500.json"
    assert fetch_loci(small.yaml_path, None, output, source, service=service).asked == 2
    assert not part.parent.exists()


@pytest.mark.parametrize("damage", ["cut", "base", "source"])
def test_a_damaged_or_foreign_part_is_fetched_again(
    small: SmallPanel, server: Server, tmp_path: Path, waits: list[float], damage: str
) -> None:
    output, source = tmp_path / "loci.fa.gz", f"ucsc={server.url}"
    server.faults = [server.right, fault(400)]
    with pytest.raises(ServiceError):
        fetch_loci(small.yaml_path, None, output, source, service=service_of(server, waits))
    part = tmp_path / "loci.fa.gz.parts" / "chr2_101_500.json"
    text = part.read_text()
    data = json.loads(text)
    if damage == "cut":
        part.write_text(text[:-30])
    elif damage == "base":
        other = "A" if data["bases"][0] != "A" else "C"
        part.write_text(json.dumps(data | {"bases": other + data["bases"][1:]}))
    else:
        part.write_text(json.dumps(data | {"source": "ensembl"}))
    fetch_loci(small.yaml_path, None, output, source, service=service_of(server, waits))
    assert small.chromosomes["chr2"][100:160] in gzip.decompress(output.read_bytes()).decode().replace(
        "\n", ""
    )


def test_the_next_run_needs_no_network(small: SmallPanel, server: Server, tmp_path: Path) -> None:
    output, source = tmp_path / "loci.fa.gz", f"ucsc={server.url}"
    fetch_loci(small.yaml_path, None, output, source, service=service_of(server, []))
    record = json.loads((tmp_path / "loci.fa.gz.json").read_text())
    assert record == {
        "source": source,
        "build": "GRCh38",
        "loci": ["chr2:101-500", "chr2:901-1830", "chrX:101-480"],
        "sha256": hashlib.sha256(output.read_bytes()).hexdigest(),
    }
    before = output.read_bytes(), len(server.paths)
    assert fetch_loci(small.yaml_path, None, output, source).asked == 0
    assert (output.read_bytes(), len(server.paths)) == before
    again = fetch_loci(small.yaml_path, None, output, source, force=True, service=service_of(server, []))
    assert again.asked == 3
    assert output.read_bytes() == before[0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda output, record: record.unlink(), "does not say what it holds"),
        (lambda output, record: record.write_text("[]"), "exists with other loci or from another source"),
        (lambda output, record: output.write_bytes(b"other"), "has changed since"),
    ],
)
def test_a_file_that_is_something_else_is_not_replaced(
    small: SmallPanel,
    server: Server,
    tmp_path: Path,
    change: Callable[[Path, Path], object],
    message: str,
) -> None:
    output, source = tmp_path / "loci.fa.gz", f"ucsc={server.url}"
    fetch_loci(small.yaml_path, None, output, source, service=service_of(server, []))
    change(output, tmp_path / "loci.fa.gz.json")
    held = output.read_bytes()
    with pytest.raises(ParameterError, match=message):
        fetch_loci(small.yaml_path, None, output, source)
    assert output.read_bytes() == held


def test_a_download_that_has_changed_since_makes_no_panel(
    small: SmallPanel, server: Server, tmp_path: Path
) -> None:
    output = tmp_path / "loci.fa.gz"
    fetch_loci(small.yaml_path, None, output, f"ucsc={server.url}", service=service_of(server, []))
    text = gzip.decompress(output.read_bytes())
    output.write_bytes(gzip.compress(text.replace(b"\n", b"\r\n")))
    with pytest.raises(ParameterError, match=r"has changed since loci.fa.gz.json .*; remove both"):
        build_panel(small.yaml_path, output, None, tmp_path / "panel")
    (tmp_path / "loci.fa.gz.json").write_text('{"sha256": "of something else"}')
    build_panel(small.yaml_path, output, None, tmp_path / "panel")


def test_command(
    small: SmallPanel,
    server: Server,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("aspsfusion.panel.fetch.SequenceService", partial(SequenceService, interval=0.0))
    output = tmp_path / "loci.fa.gz"
    arguments = ["panel", "fetch", "--panel", str(small.yaml_path), "--output", str(output)]
    arguments += ["--source", f"ucsc={server.url}"]
    assert main(arguments) == 0
    assert capsys.readouterr().out == f"{output}: 3 loci, 1,710 bases, 3 downloaded\n"
    assert main(arguments) == 0
    assert capsys.readouterr().out == f"{output}: 3 loci, 1,710 bases, all there already\n"
    assert main([*arguments[:-1], "nowhere"]) == 1
    assert "is not a source of sequence" in capsys.readouterr().err
