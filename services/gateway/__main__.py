"""`python -m services.gateway`."""

from services.gateway.app import build
from services.gateway.memory import look_rarely
from services.gateway.settings import GatewaySettings
from services.runtime.run import run

if __name__ == "__main__":
    look_rarely()
    run("gateway", GatewaySettings, build)
