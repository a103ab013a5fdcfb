"""pyftpdlib in TLS: peer.py FOLDER CERTIFICATE KEY; says the port."""

import sys

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import TLS_FTPHandler
from pyftpdlib.servers import FTPServer


class Handler(TLS_FTPHandler):
    certfile, keyfile = sys.argv[2:]
    authorizer = DummyAuthorizer()
    tls_control_required = tls_data_required = True


Handler.authorizer.add_user("evhub", "secret", sys.argv[1], perm="elradfmw")
server = FTPServer(("127.0.0.1", 0), Handler)
print(server.address[1], flush=True)
server.serve_forever()
