"""A real Slurm of one node, in a directory and on ports of its own, for as long as a test needs it.

Nothing of the machine's own Slurm or Munge is used or changed: key, sockets, state, spool and configuration
are in a directory of its own, which is removed at the end. The daemons run as the user who calls. The
settings are those that work inside a container without control groups: processes are found through /proc
(`proctrack/linuxproc`), tasks are not bound to cores (`task/none`) and nothing is accounted.
"""

import getpass
import os
import platform
import secrets
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scancel", "sinfo", "scontrol")
STARTS_WITHIN = 60.0
"""Seconds after which a Slurm that is not ready never will be; it takes less than one."""
STOPS_WITHIN = 60.0
"""Seconds that a daemon gets to end by itself; it takes little more than `KillWait`."""
MUNGE_THREADS = 10
MEMORY_SHARE = 0.8
"""Share of the machine's memory that jobs may ask for."""
MEGABYTE = 1 << 20
KEY_BYTES = 1024
STEP_PORTS = 40
"""Ports for the connections of job steps: two for each step that runs at a time."""

CONFIGURATION = """\
ClusterName=aspsfusion
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
SlurmdPort={node_port}
SrunPortRange={first_step_port}-{last_step_port}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={munge}/socket
CredType=cred/munge
StateSaveLocation={state}
SlurmdSpoolDir={spool}
SlurmctldPidFile={directory}/slurmctld.pid
SlurmdPidFile={directory}/slurmd.pid
SlurmctldLogFile={directory}/slurmctld.log
SlurmdLogFile={directory}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_min_interval=0
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
JobCompType=jobcomp/none
KillWait=3
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory={memory} State=UNKNOWN
PartitionName=normal Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


class SlurmUnavailableError(Exception):
    """Slurm cannot be started here; the text says why."""


@dataclass(frozen=True)
class SlurmJob:
    """A job as Slurm remembers it.

    Attributes:
        number: its identifier.
        state: as `squeue` names it: PENDING, RUNNING, COMPLETED, CANCELLED...
        processors: number that it asked for, or was given once it ran.
        comment: the Slurm plugin of Snakemake writes the rules of the job here.
    """

    number: str
    state: str
    processors: int
    comment: str


@dataclass(frozen=True)
class OneNodeSlurm:
    """A Slurm that runs.

    Attributes:
        directory: everything that belongs to it, its logs as well.
        environment: what its commands, and programs that call them, need.
    """

    directory: Path
    environment: dict[str, str]

    def run(self, *command: str) -> str:
        """Run a command of Slurm and return what it prints.

        Raises:
            subprocess.CalledProcessError: the command failed.
        """
        return subprocess.run(
            command, env=self.environment, check=True, capture_output=True, text=True, timeout=STARTS_WITHIN
        ).stdout

    def jobs(self) -> list[SlurmJob]:
        """Return every job that Slurm remembers, the oldest first."""
        shown = self.run("squeue", "--noheader", "--states=all", "--sort=i", "--format=%i|%T|%C|%k")
        rows = [line.split("|") for line in shown.splitlines()]
        return [SlurmJob(number, state, int(cpus), comment) for number, state, cpus, comment in rows]


def missing_programs() -> list[str]:
    """Return the programs of Slurm and Munge that are not installed."""
    return [name for name in PROGRAMS if _program(name) is None]


@contextmanager
def one_node_slurm(cpus: int = 2) -> Iterator[OneNodeSlurm]:
    """Start a Slurm of one node and stop it at the end, whatever happened in between.

    Args:
        cpus: number of processors that Slurm hands out.

    Yields:
        The Slurm, ready to take jobs.

    Raises:
        SlurmUnavailableError: it is not installed or does not start.
    """
    if missing := missing_programs():
        raise SlurmUnavailableError(f"not installed: {', '.join(missing)} (Debian: slurm-wlm, munge)")
    with tempfile.TemporaryDirectory(prefix="slurm.") as place:
        directory = Path(place)
        directory.chmod(0o755)  # Munge refuses a socket that others cannot reach
        configuration = _write_files(directory, cpus)
        slurm = OneNodeSlurm(directory, _environment(configuration))
        with ExitStack() as stack:
            _start_daemons(slurm, stack)
            stack.callback(_cancel_everything, slurm)
            yield slurm


def _environment(configuration: Path) -> dict[str, str]:
    """Return the environment for Slurm's commands."""
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith(("SLURM_", "SBATCH_"))
    }
    environment["SLURM_CONF"] = str(configuration)
    # The plugin that starts job steps passes no variable of Slurm's on to srun, which then looks for the
    # configuration where the machine has its own.
    programs = configuration.parent / "bin"
    programs.mkdir()
    step = programs / "srun"
    step.write_text(f'#!/bin/sh\nSLURM_CONF={shlex.quote(str(configuration))} exec {_program("srun")} "$@"\n')
    step.chmod(0o755)
    environment["PATH"] = f"{programs}{os.pathsep}{environment.get('PATH', os.defpath)}"
    return environment


def _start_daemons(slurm: OneNodeSlurm, stack: ExitStack) -> None:
    """Start the daemons; closing the stack stops them, the last one first."""
    munge = slurm.directory / "munge"
    daemons: list[subprocess.Popen[bytes]] = []

    def start(name: str, *arguments: str) -> None:
        daemons.append(_start(name, arguments, slurm))
        stack.callback(_stop, daemons[-1])

    start(
        "munged",
        "--foreground",
        f"--key-file={munge / 'key'}",
        f"--socket={munge / 'socket'}",
        f"--pid-file={munge / 'pid'}",
        f"--log-file={munge / 'log'}",
        f"--seed-file={munge / 'seed'}",
        f"--num-threads={MUNGE_THREADS}",
    )
    _wait_for("munged", daemons, (munge / "socket").exists, slurm.directory)
    start("slurmctld", "-D", "-c")
    start("slurmd", "-D")
    _wait_for("slurmd", daemons, lambda: _is_idle(slurm), slurm.directory)


def _write_files(directory: Path, cpus: int) -> Path:
    """Write the key and the configuration and return the path of the latter."""
    munge, state, spool = directory / "munge", directory / "state", directory / "spool"
    for place in (munge, state, spool):
        place.mkdir()
    munge.chmod(0o755)
    key = munge / "key"
    key.write_bytes(secrets.token_bytes(KEY_BYTES))
    key.chmod(0o400)
    controller_port, node_port, first_step_port = _free_ports()
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // MEGABYTE
    configuration = directory / "slurm.conf"
    configuration.write_text(
        CONFIGURATION.format(
            host=platform.node().split(".")[0],
            user=getpass.getuser(),
            directory=directory,
            munge=munge,
            state=state,
            spool=spool,
            controller_port=controller_port,
            node_port=node_port,
            first_step_port=first_step_port,
            last_step_port=first_step_port + STEP_PORTS - 1,
            cpus=cpus,
            memory=int(memory * MEMORY_SHARE),
        )
    )
    return configuration


def _free_ports() -> tuple[int, int, int]:
    """Return a port for the controller, one for the node and the first of a range for steps."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(2)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        controller, node = (int(one.getsockname()[1]) for one in sockets)
    # Below the range from which Linux gives ports to whoever asks for none; which part of it is free is
    # tried out, so that two of these Slurms can run side by side.
    for first in range(20_000, 32_000, STEP_PORTS):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", first))
            except OSError:
                continue
            return controller, node, first
    raise SlurmUnavailableError("no free ports")


def _program(name: str) -> str | None:
    """Return the path of a program; daemons are often outside a user's PATH."""
    places = [os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin", "/usr/local/sbin"]
    return shutil.which(name, path=os.pathsep.join(places))


def _start(name: str, arguments: tuple[str, ...], slurm: OneNodeSlurm) -> subprocess.Popen[bytes]:
    program = _program(name)
    assert program is not None
    with (slurm.directory / f"{name}.out").open("wb") as stream:
        return subprocess.Popen(
            [program, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            env=slurm.environment,
            start_new_session=True,  # an interrupt from the keyboard reaches it through _stop alone
        )


def _stop(daemon: subprocess.Popen[bytes]) -> None:
    """End a daemon, by force when it does not end by itself."""
    if daemon.poll() is not None:
        return
    daemon.terminate()
    try:
        daemon.wait(STOPS_WITHIN)
    except subprocess.TimeoutExpired:
        daemon.send_signal(signal.SIGKILL)
        daemon.wait()


def _wait_for(
    name: str, daemons: Sequence[subprocess.Popen[bytes]], ready: Callable[[], bool], directory: Path
) -> None:
    end = time.monotonic() + STARTS_WITHIN
    while not ready():
        if time.monotonic() > end or any(daemon.poll() is not None for daemon in daemons):
            said = [
                line
                for file in sorted(directory.glob("*.out"))
                for line in file.read_text(errors="replace").splitlines()
                if "rror" in line or "fatal" in line
            ]
            raise SlurmUnavailableError(f"{name} does not start: {'; '.join(said[-3:]) or 'no message'}")
        time.sleep(0.1)


def _is_idle(slurm: OneNodeSlurm) -> bool:
    try:
        return slurm.run("sinfo", "--noheader", "--format=%T").strip() == "idle"
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        return False


def _cancel_everything(slurm: OneNodeSlurm) -> None:
    """Cancel what is left of jobs, since their processes outlive the daemons."""
    try:
        slurm.run("scancel", f"--user={getpass.getuser()}")
        end = time.monotonic() + STOPS_WITHIN
        while slurm.run("squeue", "--noheader") and time.monotonic() < end:
            time.sleep(0.2)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        return  # the controller is gone, and with it the jobs
