"""Other rates for a running daemon's profiles."""

from __future__ import annotations

from google.protobuf.field_mask_pb2 import FieldMask

from household.v1 import config_service_pb2
from tests.daemon import Daemon


def set_computer(daemon: Daemon, *, download_mbps: float, upload_mbps: float = 1.0) -> None:
    """Sessions of the Computer get these rates from now on."""
    rates = config_service_pb2.ProfileRates(download_mbps=download_mbps, upload_mbps=upload_mbps)
    mask = FieldMask(paths=["profiles.computer.download_mbps", "profiles.computer.upload_mbps"])
    request = config_service_pb2.UpdateRuntimeConfigRequest(
        config=config_service_pb2.RuntimeConfig(profiles={"computer": rates}), update_mask=mask
    )
    daemon.config.UpdateRuntimeConfig(request, timeout=10)
