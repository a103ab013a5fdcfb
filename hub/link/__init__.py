"""Text links that an rpc runs on."""
