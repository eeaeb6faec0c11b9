"""The real MongoDB and NATS servers on this machine: their command lines, configuration, and when they are ready."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from deploy.local.binaries import find_mongod, find_nats_server, require_libraries
from deploy.local.probes import NotReady, Unreachable, answers, http_ready

LOOPBACK = "127.0.0.1"
REPLICA_SET = "rs0"
_NOT_YET_INITIALIZED = 94  # server error code
_CACHE_GB = 0.25
_OPLOG_MB = 256  # change streams only wake readers up; nothing depends on a long oplog
_TRANSACTION_LIFETIME_S = 3  # a service killed inside a transaction blocks its documents this long (default: 60)
_MAX_PAYLOAD = "8MB"  # a prediction batch in Arrow
_MAX_FILE_STORE = "64GB"  # the streams' own limits decide; the default, a share of the free disk, would refuse them


class Mongod:
    """A single-node replica set in a directory. Restarting it there, also on another port, keeps the data."""

    def __init__(self, directory: Path, port: int) -> None:
        self.directory = directory
        self.port = port
        self.address = f"{LOOPBACK}:{port}"
        self.uri = mongodb_uri(port)
        self._client: MongoClient[dict[str, Any]] | None = None

    def command(self) -> list[str]:
        """The command line that serves the directory. Raises BinaryMissing or LibraryMissing."""
        binary = find_mongod()
        require_libraries(binary)
        self.directory.mkdir(parents=True, exist_ok=True)
        return [
            str(binary), "--dbpath", str(self.directory), "--bind_ip", LOOPBACK, "--port", str(self.port),
            "--replSet", REPLICA_SET, "--oplogSize", str(_OPLOG_MB), "--wiredTigerCacheSizeGB", str(_CACHE_GB),
            "--setParameter", f"transactionLifetimeLimitSeconds={_TRANSACTION_LIFETIME_S}",
            "--setParameter", "diagnosticDataCollectionEnabled=false",
            "--nounixsocket", "--quiet",
        ]  # fmt: skip

    def probe(self) -> None:
        """Returns when the server is a writable primary; otherwise takes the next step towards it, raising NotReady."""
        if self._client is None:
            answers(LOOPBACK, self.port)  # says so at once, where the driver would wait and try again
            self._client = mongo_client(f"mongodb://{self.address}/?directConnection=true")
        admin = self._client.admin
        try:
            if admin.command("hello").get("isWritablePrimary"):
                return
            try:
                config = admin.command("replSetGetConfig")["config"]
            except OperationFailure as failure:
                if failure.code != _NOT_YET_INITIALIZED:
                    raise
                admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": [{"_id": 0, "host": self.address}]})
                raise NotReady("the replica set is being initiated") from None
            if config["members"][0]["host"] != self.address:  # the data were served on another port before
                config["members"][0]["host"] = self.address
                config["version"] += 1
                admin.command("replSetReconfig", config, force=True)
                raise NotReady("the replica set moves to its new port")
            raise NotReady("not primary yet")
        except PyMongoError as error:
            self.close()
            raise Unreachable(f"mongod on {self.address}: {_first_words(error)}") from error

    def close(self) -> None:
        """Closes the probe's connection."""
        if self._client is not None:
            self._client.close()
            self._client = None


class NatsServer:
    """A NATS server with JetStream in a directory, every acknowledged message synced to disk."""

    def __init__(self, directory: Path, port: int, monitor_port: int) -> None:
        self.directory = directory
        self.port = port
        self.monitor_port = monitor_port
        self.url = nats_url(port)

    def command(self) -> list[str]:
        """Writes the configuration and returns the command line that serves the directory. Raises BinaryMissing."""
        binary = find_nats_server()
        store = self.directory / "jetstream"
        store.mkdir(parents=True, exist_ok=True)
        config = self.directory / "nats-server.conf"
        config.write_text(
            f'listen: "{LOOPBACK}:{self.port}"\n'
            f'http: "{LOOPBACK}:{self.monitor_port}"\n'
            f"max_payload: {_MAX_PAYLOAD}\n"
            "jetstream {\n"
            f'  store_dir: "{store}"\n'
            f"  max_file_store: {_MAX_FILE_STORE}\n"
            "  sync_interval: always\n"
            "}\n"
        )
        return [str(binary), "--config", str(config)]

    def probe(self) -> None:
        """Returns when the server says it is healthy with JetStream recovered; raises NotReady otherwise.

        The process being there says little: with a full disk it stays and stops serving.
        """
        http_ready(f"http://{LOOPBACK}:{self.monitor_port}/healthz")

    def close(self) -> None:
        """Nothing is kept open between probes."""


def mongodb_uri(port: int) -> str:
    """The URI of this machine's own mongod."""
    return f"mongodb://{LOOPBACK}:{port}/?replicaSet={REPLICA_SET}"


def nats_url(port: int) -> str:
    """The URL of this machine's own nats-server."""
    return f"nats://{LOOPBACK}:{port}"


def mongo_client(uri: str, milliseconds: int = 1500) -> MongoClient[dict[str, Any]]:
    """A client that gives up quickly, for asking whether a MongoDB is there."""
    return MongoClient(
        uri,
        serverSelectionTimeoutMS=milliseconds,
        connectTimeoutMS=milliseconds,
        socketTimeoutMS=milliseconds,
    )


class MongodbElsewhere:
    """A MongoDB that somebody else runs."""

    def __init__(self, uri: str) -> None:
        self.uri = uri

    def command(self) -> None:
        """Nothing to start."""

    def probe(self) -> None:
        """Returns when it answers and can do transactions; raises NotReady otherwise."""
        client = mongo_client(self.uri)
        try:
            hello = client.admin.command("hello")
        except PyMongoError as error:
            raise Unreachable(f"MONGODB_URI: {_first_words(error)}") from error
        finally:
            client.close()
        if not hello.get("setName") and hello.get("msg") != "isdbgrid":
            raise NotReady("the MongoDB of MONGODB_URI is no replica set; transactions need one")

    def close(self) -> None:
        """Nothing is kept open between probes."""


class NatsElsewhere:
    """A NATS server or cluster that somebody else runs."""

    def __init__(self, url: str) -> None:
        self.url = url

    def command(self) -> None:
        """Nothing to start."""

    def probe(self) -> None:
        """Returns when one of its servers accepts connections; raises Unreachable otherwise."""
        reasons = []
        for server in self.url.split(","):
            address = urlsplit(server if "://" in server else f"nats://{server}")
            try:
                return answers(address.hostname or LOOPBACK, address.port or 4222)
            except Unreachable as reason:
                reasons.append(str(reason))
        raise Unreachable("NATS_URL: " + "; ".join(reasons))

    def close(self) -> None:
        """Nothing is kept open between probes."""


def _first_words(error: Exception) -> str:
    return str(error).split(", Timeout:")[0][:200]
