"""OSCQuery over HTTP and websocket, and the page: one server, one protocol, one port."""
