"""Build the default edition on a SLURM of one machine, kill two of its jobs, and compare.

    python tests/slurm/check.py

Needs the programs of Debian's packages slurm-wlm and munge, and none of their services: all
daemons run here, in a folder of their own, and end with this check. `make test-slow` ends with it,
and `.ci/run all` installs the packages first. What is shown:

- the whole edition builds through `--profile profiles/slurm`;
- a job that SLURM cancels and a job whose process is killed are submitted again;
- the site is then the same, byte for byte, as one that was built without a cluster.
"""

import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NOT_COPIED = {".git", ".venv", ".snakemake", "build", "_build", "_site"}
PATIENCE = 60  # seconds for a daemon to answer, and for a job to start
OPTIONS = [
    *("--slurm-no-account", "--slurm-status-command", "squeue"),
    *("--slurm-init-seconds-before-status-checks", "2", "--seconds-between-status-checks", "2"),
]
SLURM_CONF = """
ClusterName=check
SlurmctldHost={host}(127.0.0.1)
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
# No control groups, which a container may not make.
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
NodeName={host} NodeAddr=127.0.0.1 CPUs={cores} RealMemory={memory} State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=60 State=UP
"""


def say(text: str) -> None:
    """Print what is being done, at once."""
    print(f"SLURM: {text}", flush=True)


def free_ports(number: int) -> list[int]:
    """Return ports of this machine that nobody listens to."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def start(stack: ExitStack, folder: Path, *command: object) -> subprocess.Popen:
    """Start a daemon in the foreground, with its output in a file; it is stopped at the end."""
    name = Path(str(command[0])).name
    output = stack.enter_context((folder / f"{name}.out").open("w"))
    environment = os.environ | {"SLURM_CONF": str(folder / "slurm.conf")}
    daemon = subprocess.Popen(
        list(map(str, command)),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        env=environment,
    )

    def stop() -> None:
        daemon.terminate()
        try:
            daemon.wait(10)
        except subprocess.TimeoutExpired:
            daemon.kill()
            daemon.wait()

    stack.callback(stop)
    return daemon


def program(name: str) -> str:
    """Return where a program is; daemons are not on everybody's path."""
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if not found:
        sys.exit(f"There is no {name}. On Debian: apt install slurm-wlm munge")
    return found


def start_cluster(stack: ExitStack, folder: Path) -> None:
    """Start munged, slurmctld and slurmd for one node; return when it takes jobs."""
    for name in ("state", "spool"):
        (folder / name).mkdir()
    key = folder / "munge.key"
    key.write_bytes(os.urandom(1024))
    key.chmod(0o600)
    host = socket.gethostname().split(".")[0]
    configuration = folder / "slurm.conf"
    configuration.write_text(
        SLURM_CONF.format(
            folder=folder,
            host=host,
            user=pwd.getpwuid(os.getuid()).pw_name,
            cores=os.cpu_count(),
            memory=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20,  # MB
            ports=free_ports(2),
        )
    )
    (folder / "cgroup.conf").write_text("CgroupAutomount=no\n")
    files = {"key": "key", "socket": "socket", "pid": "pid", "log": "log", "seed": "seed"}
    options = [f"--{name}-file={folder}/munge.{end}" for name, end in files.items()]
    options[1] = f"--socket={folder}/munge.socket"
    start(stack, folder, program("munged"), "--foreground", "--force", *options)
    start(stack, folder, program("slurmctld"), "-D", "-f", configuration)
    start(stack, folder, program("slurmd"), "-D", "-f", configuration)
    os.environ["SLURM_CONF"] = str(configuration)
    # Jobs call srun without that variable: on a cluster its configuration is where srun looks.
    srun = folder / "bin" / "srun"
    srun.parent.mkdir()
    srun.write_text(f'#!/bin/sh\nSLURM_CONF={configuration} exec {program("srun")} "$@"\n')
    srun.chmod(0o755)
    os.environ["PATH"] = f"{srun.parent}:{os.environ['PATH']}"
    until("the node to be idle", lambda: "idle" in output("sinfo", "-h", "-o", "%T"), folder)


def output(*command: str) -> str:
    """Return what a command prints; nothing if it fails."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    return done.stdout if done.returncode == 0 else ""


def until(what: str, holds, folder: Path) -> object:
    """Wait until a function returns something true, and return that; give up with the logs."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if found := holds():
            return found
        time.sleep(0.2)
    for log in sorted(folder.glob("*.log")) + sorted(folder.glob("*.out")):
        print(f"--- {log.name}\n{log.read_text(errors='replace')[-3000:]}", file=sys.stderr)
    sys.exit(f"SLURM: waited {PATIENCE} seconds for {what}, in vain.")


def copy_checkout(target: Path) -> Path:
    """Copy what is in this checkout, without what was built in it."""

    def ignored(folder: str, names: list[str]) -> set[str]:
        return NOT_COPIED & set(names) if Path(folder) == ROOT else set()

    return shutil.copytree(ROOT, target, ignore=ignored)


def build(folder: Path, *options: str, log: Path) -> subprocess.Popen:
    """Start Snakemake for the default edition in a copy of the checkout."""
    return subprocess.Popen(
        [sys.executable, "-m", "snakemake", *options],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder / "src")},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=log.open("w"),
    )


def running_job(besides: str = "") -> str:
    """Return the id of a job that runs now, other than one; nothing if there is none."""
    jobs = output("squeue", "-h", "-t", "RUNNING", "-o", "%i").split()
    return next((job for job in jobs if job != besides), "")


def executing(folder: Path, besides: str) -> int:
    """Return the process that executes a notebook in a folder, unless it is of one job."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
            here = (process / "cwd").resolve() == folder
            job = f"SLURM_JOB_ID={besides}\0".encode() in (process / "environ").read_bytes()
        except OSError:  # it has ended meanwhile, or is not ours
            continue
        if here and not job and b"rso_report.execute" in words and b"-m" in words:
            return int(process.name)
    return 0


def files(site: Path) -> dict[Path, bytes]:
    """Return the content of every file of the sites."""
    found = (path for path in site.rglob("*") if path.is_file())
    return {path.relative_to(site): path.read_bytes() for path in found}


def main() -> int:
    """Run the check; return the exit status."""
    if shutil.which("slurmctld") is None:
        say("not tested, as there is no program slurmctld on the path")
        return 0
    with ExitStack() as stack:
        name = stack.enter_context(tempfile.TemporaryDirectory(prefix="slurm-"))
        folder = Path(name).resolve()
        daemons = folder / "daemons"
        daemons.mkdir()
        here, there = copy_checkout(folder / "here"), copy_checkout(folder / "there")

        say("building without a cluster")
        log = folder / "here.log"
        local = build(here, "--cores", "all", "--nolock", "--scheduler", "greedy", log=log)
        if local.wait():
            sys.exit(log.read_text())

        say("starting a cluster of one node")
        start_cluster(stack, daemons)

        say("building on the cluster")
        log = folder / "there.log"
        cluster = build(there, "--profile", "profiles/slurm", *OPTIONS, log=log)
        stack.callback(cluster.kill)
        cancelled = until("a job to run", running_job, daemons)
        subprocess.run(["scancel", cancelled], check=True)
        say(f"cancelled job {cancelled} while it ran")
        killed = until("a notebook to be executed", lambda: executing(there, cancelled), daemons)
        os.kill(killed, signal.SIGKILL)
        say(f"killed process {killed} of another")
        status = cluster.wait()
        said = log.read_text()
        print(said)
        if status:
            sys.exit("SLURM: the build on the cluster failed.")
        again = len(re.findall(r"^Step .* again: ", said, re.MULTILINE))
        if again != 2:
            sys.exit(f"SLURM: {again} jobs were submitted again; 2 had been killed.")
        expected, found = files(here / "_site"), files(there / "_site")
        different = {path for path in expected | found if expected.get(path) != found.get(path)}
        if different or not expected:
            sys.exit(f"SLURM: these files differ: {', '.join(sorted(map(str, different)))}")
        say(f"all {len(expected)} files are the same as those built without a cluster")
    return 0


if __name__ == "__main__":
    sys.exit(main())
