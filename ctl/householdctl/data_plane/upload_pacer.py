"""Spreads a requested upload over the time that the server gives for it."""

from __future__ import annotations

from typing import Any

MAX_CHUNK_BYTES = 256 * 1024
"""Greatest frame that a server takes."""


class UploadPacer:
    """Paces like an application that sends in real time. All at once, a portion would queue on a slow uplink.

    Times are seconds of one clock. The page paces by the same rule (``client/src/core/session/upload-pacer.ts``).
    """

    def __init__(self) -> None:
        self._began = 0.0
        self._duration_s = 0.0
        self._chunk_bytes = 1
        self._total_bytes = 0
        self._sent_bytes = 0

    def accept(self, request: dict[str, Any], now: float) -> None:
        """Take a ``real_upload_request``. It keeps at most its own size of the backlog, and drops the rest."""
        target_bytes = int(request["target_bytes"])
        self._total_bytes = target_bytes + min(self.pending_bytes, target_bytes)
        self._sent_bytes = 0
        self._began = now
        self._duration_s = float(request["duration_ms"]) / 1e3
        self._chunk_bytes = min(max(int(request["optimal_chunk_size"]), 1), MAX_CHUNK_BYTES)

    def clear(self) -> None:
        """Drop what is pending."""
        self._sent_bytes = self._total_bytes

    @property
    def pending_bytes(self) -> int:
        return self._total_bytes - self._sent_bytes

    @property
    def due_at(self) -> float:
        """Time of the next chunk, while bytes are pending."""
        return self._began + self._duration_s * self._sent_bytes / self._total_bytes

    def take(self) -> int:
        """Return the size of the next chunk, now sent; 0 if none is pending."""
        size = min(self._chunk_bytes, self.pending_bytes)
        self._sent_bytes += size
        return size
