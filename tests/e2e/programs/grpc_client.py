"""A client of the gRPC API, as somebody else would write it: grpcio, and what its tools make of
`proto/containers.proto`.

    grpc_client.py SCENARIO ADDRESS [ARGUMENT ...]

It fails by an exception, and prints `done` at the end.
"""

import sys
import threading
import time
from pathlib import Path

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)

import containers_pb2 as proto
import containers_pb2_grpc

SERVICE = "containers.v1.ContainerService"
# Programs of Windows begin slowly on a machine that has other things to do.
PATIENCE = 60


def seen(condition, what):
    """Waits until something is so."""
    end = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < end, f"in vain: {what}"
        time.sleep(0.05)
    return found


def fails(code, call):
    """What a call says that has to fail with a status."""
    try:
        answer = call()
        if isinstance(answer, grpc.Call):
            answer = list(answer)
    except grpc.RpcError as error:
        assert error.code() == code, f"{error.code()}: {error.details()}"
        return error
    raise AssertionError(f"it did not fail: {answer}")


def error_code(error):
    """The API's own code of an error."""
    return dict(error.trailing_metadata())["ctnr-error-code"]


def collect(outputs):
    """The standard output, the standard error and the exit code of a program."""
    stdout, stderr, code = b"", b"", None
    for output in outputs:
        stdout += output.stdout
        stderr += output.stderr
        if output.HasField("exit"):
            code = output.exit.exit_code
    return stdout, stderr, code


def runs(mark):
    """Whether a program with such an argument runs on this host."""
    mark = mark.encode()
    for line in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = line.read_bytes().split(b"\0")
        except OSError:
            continue
        if mark in words and b"7za.exe" in words[0]:
            return True
    return False


class Reader(threading.Thread):
    """Reads a stream in the background."""

    def __init__(self, stream):
        super().__init__(daemon=True)
        self.stream, self.read, self.error = stream, [], None
        self.start()

    def run(self):
        try:
            for message in self.stream:
                self.read.append(message)
        except grpc.RpcError as error:
            self.error = error


def parts(request, target, content, size=1 << 20):
    """The messages that carry bytes somewhere."""
    yield request(target=target)
    for begin in range(0, len(content), size):
        yield request(data=content[begin : begin + size])


def life(channel, archive):
    """A container from its making to its end, with a real program."""
    api = containers_pb2_grpc.ContainerServiceStub(channel)
    events = Reader(api.StreamEvents(proto.StreamEventsRequest(after=0)))

    content = Path(archive).read_bytes()
    target = proto.LayerTarget(at="C:\\Tools")
    layer = api.UploadLayer(parts(proto.UploadLayerRequest, target, content))
    manifest = (
        'schema = 1\nname = "zip"\nversion = "21.07"\nbitness = "x64"\nruntime = "wine:latest"\n'
        f'[[layer]]\nname = "app"\nsource = "{layer.id}"\n'
        "[[entry]]\nname = \"7za\"\nprogram = 'C:\\Tools\\7za.exe'\ndefault = true\n"
    )
    created = api.CreateContainer(
        proto.CreateContainerRequest(manifest=manifest, labels={"team": "red"})
    )
    assert (created.name, created.state) == ("zip", "stopped"), created
    assert list(created.entry_points) == ["7za"], created
    listed = api.ListContainers(proto.ListContainersRequest(labels=["team=red"]))
    assert [container.id for container in listed.containers] == [created.id], listed
    one = proto.GetContainerRequest(id="zip")
    assert api.GetContainer(one) == listed.containers[0]

    # Its entry point, streamed; a program with all of its input, and one that is fed as it runs.
    outputs = api.RunContainer(proto.RunContainerRequest(id="zip", args=["i"]))
    stdout, _, code = collect(outputs)
    assert code == 0 and b"7-Zip (a) 21.07 (x64)" in stdout, stdout
    precious = bytes(range(256)) * 64
    pack = ["C:\\Tools\\7za.exe", "a", "-siprecious.bin", "C:\\kept.7z"]
    outputs = api.ExecContainer(
        proto.ExecContainerRequest(id="zip", cmd=pack, program=proto.Program(stdin=precious))
    )
    assert collect(outputs)[2] == 0
    unpack = ["C:\\Tools\\7za.exe", "e", "-so", "C:\\kept.7z"]
    outputs = api.ExecContainer(proto.ExecContainerRequest(id="zip", cmd=unpack))
    assert collect(outputs)[::2] == (precious, 0)
    conversation(api)
    logs = Reader(api.StreamLogs(proto.StreamLogsRequest(id="zip", follow=True)))

    # Its data: kept, overwritten, put back; files in both directions.
    data = "/wine/drive_c/data.bin"
    large = bytes(3_000_000)
    target = proto.FileTarget(id="zip", path=data)
    written = api.WriteFile(parts(proto.WriteFileRequest, target, large))
    assert written.size == len(large)
    snapshot = api.CreateSnapshot(proto.CreateSnapshotRequest(id="zip", name="good"))
    assert snapshot.name == "good", snapshot
    # A snapshot has the container anew, so its log is another.
    logs.join(PATIENCE)
    assert not logs.is_alive() and logs.error is None, logs.error
    api.WriteFile(parts(proto.WriteFileRequest, target, b"spoiled"))
    api.RollbackContainer(proto.RollbackContainerRequest(id="zip", snapshot="good"))
    pieces = api.ReadFile(proto.ReadFileRequest(id="zip", path=data))
    assert b"".join(piece.data for piece in pieces) == large
    listed = api.ListSnapshots(proto.ListSnapshotsRequest(id="zip"))
    assert [kept.name for kept in listed.snapshots] == ["good"], listed

    # What it was made by, watched to its end.
    jobs = api.ListJobs(proto.ListJobsRequest(container=created.id)).jobs
    assert [job.kind for job in jobs] == ["create"], jobs
    watched = list(api.WatchJob(proto.WatchJobRequest(id=jobs[0].id)))
    assert watched[-1].state == "succeeded", watched
    over = fails(
        grpc.StatusCode.FAILED_PRECONDITION,
        lambda: api.CancelJob(proto.CancelJobRequest(id=jobs[0].id)),
    )
    assert error_code(over) == "CONFLICT"

    api.StartContainer(proto.StartContainerRequest(id="zip"))
    logs = Reader(api.StreamLogs(proto.StreamLogsRequest(id="zip", follow=True)))
    stopped = api.StopContainer(proto.StopContainerRequest(id="zip"))
    assert stopped.state == "stopped", stopped
    logs.join(PATIENCE)
    assert not logs.is_alive() and logs.error is None, logs.error
    api.DeleteContainer(proto.DeleteContainerRequest(id="zip"))
    gone = fails(grpc.StatusCode.NOT_FOUND, lambda: api.GetContainer(one))
    assert (error_code(gone), gone.details()) == ("NOT_FOUND", "container not found")

    # All of it was told, in order, and a second reader is told the same: what happened to the
    # container and to the jobs about it.
    def is_ours(event):
        return created.id in (event.id, event.attributes.get("container"))

    def told():
        return [event.action for event in events.read if event.id == created.id]

    seen(lambda: "delete" in told(), "the event of the end")
    again = Reader(
        api.StreamEvents(
            proto.StreamEventsRequest(after=events.read[0].sequence, ids=[created.id])
        )
    )
    expected = [event for event in events.read[1:] if is_ours(event)]
    seen(lambda: len(again.read) >= len(expected), "the same events")
    assert again.read == expected, f"{again.read}\ninstead of {expected}"
    again.stream.cancel()
    events.stream.cancel()


def conversation(api):
    """A shell that answers as it is told."""
    told = threading.Semaphore(0)
    lines = [b"echo one-%OS%\r\n", b"exit 7\r\n"]

    def inputs():
        command = proto.CommandLine(cmd=["cmd", "/q"])
        yield proto.ProgramInput(open=proto.ProgramOpening(id="zip", command=command))
        for line in lines:
            told.acquire()
            yield proto.ProgramInput(stdin=line)
        told.acquire()

    heard, code = b"", None
    for output in api.OpenProgram(inputs()):
        heard += output.stdout
        if output.HasField("started") or b"one-Windows_NT\r\n" in heard:
            told.release()
        if output.HasField("exit"):
            code = output.exit.exit_code
    assert b"one-Windows_NT" in heard and code == 7, (heard, code)
    told.release()


def cancel(channel, archive):
    """A call that is called off, or whose time is over, ends the program behind it."""
    api = containers_pb2_grpc.ContainerServiceStub(channel)
    content = Path(archive).read_bytes()
    target = proto.LayerTarget(at="C:\\Tools")
    layer = api.UploadLayer(parts(proto.UploadLayerRequest, target, content))
    api.CreateContainer(proto.CreateContainerRequest(name="zip", layers=[layer.id]))
    api.StartContainer(proto.StartContainerRequest(id="zip"))

    def endless(mark):
        # It measures itself that many times.
        return ["C:\\Tools\\7za.exe", "b", mark, "-mmt1"]

    command = proto.ExecContainerRequest(id="zip", cmd=endless("97301"))
    outputs = api.ExecContainer(command)
    assert next(outputs).HasField("started")
    seen(lambda: runs("97301"), "the program")
    outputs.cancel()
    seen(lambda: not runs("97301"), "the end of a program that was called off")

    command = proto.ExecContainerRequest(id="zip", cmd=endless("97302"))
    late = fails(
        grpc.StatusCode.DEADLINE_EXCEEDED, lambda: api.ExecContainer(command, timeout=8)
    )
    assert late is not None
    seen(lambda: not runs("97302"), "the end of a program whose time was over")

    more = threading.Event()

    def opening():
        command = proto.CommandLine(cmd=endless("97303"))
        yield proto.ProgramInput(open=proto.ProgramOpening(id="zip", command=command))
        more.wait(PATIENCE)

    outputs = api.OpenProgram(opening())
    assert next(outputs).HasField("started")
    seen(lambda: runs("97303"), "the program that is talked to")
    outputs.cancel()
    seen(lambda: not runs("97303"), "the end of a program that was left")
    more.set()

    # One that is detached goes on, and is ended by its id.
    command = proto.ExecContainerRequest(
        id="zip", cmd=endless("97304"), program=proto.Program(detach=True)
    )
    (started,) = api.ExecContainer(command)
    seen(lambda: runs("97304"), "the detached program")
    listed = api.ListPrograms(proto.ListProgramsRequest(id="zip")).programs
    assert started.started.exec_id in [program.exec_id for program in listed], listed
    api.SignalProgram(
        proto.SignalProgramRequest(
            id="zip", exec_id=started.started.exec_id, signal="KILL"
        )
    )
    seen(lambda: not runs("97304"), "the end of the detached program")

    # Half a file is none.
    data = "/wine/drive_c/half.bin"
    more = threading.Event()

    def half():
        yield proto.WriteFileRequest(target=proto.FileTarget(id="zip", path=data))
        yield proto.WriteFileRequest(data=bytes(1 << 20))
        more.wait(PATIENCE)

    call = api.WriteFile.future(half())
    time.sleep(1)
    call.cancel()
    more.set()
    read = proto.ReadFileRequest(id="zip", path=data)
    time.sleep(1)
    fails(grpc.StatusCode.NOT_FOUND, lambda: api.ReadFile(read))
    api.DeleteContainer(proto.DeleteContainerRequest(id="zip"))


def described(channel):
    """Health and reflection."""
    health = health_pb2_grpc.HealthStub(channel)
    serving = health_pb2.HealthCheckResponse.SERVING
    for service in ["", SERVICE]:
        shown = health.Check(health_pb2.HealthCheckRequest(service=service))
        assert shown.status == serving, shown
    unknown = health_pb2.HealthCheckRequest(service="nothing")
    fails(grpc.StatusCode.NOT_FOUND, lambda: health.Check(unknown))
    database = ProtoReflectionDescriptorDatabase(channel)
    services = set(database.get_services())
    assert {SERVICE, "grpc.health.v1.Health"} <= services, services
    file = database.FindFileContainingSymbol(SERVICE)
    methods = [method.name for method in file.service[0].method]
    own = containers_pb2_grpc.ContainerServiceServicer
    assert methods and all(hasattr(own, name) for name in methods), methods


def key(channel, secret):
    """The key decides."""
    api = containers_pb2_grpc.ContainerServiceStub(channel)
    every = proto.ListContainersRequest()
    for metadata in [None, [("x-api-key", "guess")]]:
        refused = fails(
            grpc.StatusCode.UNAUTHENTICATED,
            lambda: api.ListContainers(every, metadata=metadata),
        )
        assert error_code(refused) == "UNAUTHORIZED"
        streamed = proto.StreamEventsRequest()
        fails(
            grpc.StatusCode.UNAUTHENTICATED,
            lambda: api.StreamEvents(streamed, metadata=metadata),
        )
    known = [("x-api-key", secret), ("x-request-id", "mine")]
    answer, call = api.ListContainers.with_call(every, metadata=known)
    assert list(answer.containers) == []
    assert dict(call.initial_metadata())["x-request-id"] == "mine"


def stranger(channel):
    """One on another machine, while no key is set."""
    api = containers_pb2_grpc.ContainerServiceStub(channel)
    every = proto.ListContainersRequest()
    refused = fails(
        grpc.StatusCode.UNAUTHENTICATED, lambda: api.ListContainers(every)
    )
    assert "CONTAINERS_API_KEY" in refused.details(), refused.details()
    database = ProtoReflectionDescriptorDatabase(channel)
    fails(grpc.StatusCode.UNAUTHENTICATED, database.get_services)


def main():
    scenario, address, *arguments = sys.argv[1:]
    # A caller from elsewhere calls by a name that it is free to choose.
    options = [("grpc.default_authority", "localhost")]
    with grpc.insecure_channel(address, options=options) as channel:
        globals()[scenario](channel, *arguments)
    print("done")


main()
