"""Sessions on real connections: asyncio and websockets drive the pure rules of the core."""
