"""Rates of a running daemon's profiles."""

from __future__ import annotations

from google.protobuf.field_mask_pb2 import FieldMask

from household.v1 import config_service_pb2
from tests.daemon import Daemon


def set_rates(daemon: Daemon, profile: str, *, download_mbps: float, upload_mbps: float = 1.0) -> None:
    """Set the rates of a profile's sessions."""
    rates = config_service_pb2.ProfileRates(download_mbps=download_mbps, upload_mbps=upload_mbps)
    mask = FieldMask(paths=[f"profiles.{profile}.{direction}_mbps" for direction in ("download", "upload")])
    request = config_service_pb2.UpdateRuntimeConfigRequest(
        config=config_service_pb2.RuntimeConfig(profiles={profile: rates}), update_mask=mask
    )
    daemon.config.UpdateRuntimeConfig(request, timeout=10)
